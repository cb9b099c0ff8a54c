//! Tests above the modules: a real gateway over TLS, real processes, real stores, and stages that do not know each other
//! joined. One binary; files follow what they test.

mod access_log;
mod audit;
mod backup;
mod contract;
mod demo;
mod formats;
mod index_file;
mod latency;
mod lists;
mod name_pairs;
mod operation;
mod order;
mod outside;
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "the store's own tests use the rest")]
mod postgres;
mod privacy;
mod private_files;
mod push;
mod questions;
mod resting;
mod retention;
mod rules;
mod sample;
mod search;
mod shared;
mod sign_in;
mod state;
mod support;
mod traps;
