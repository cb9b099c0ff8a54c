//! Tests above the modules: a real gateway over TLS, real processes, real stores, and stages that do not know each other
//! joined. One binary; files follow what they test.

mod backup;
mod demo;
mod name_pairs;
mod order;
mod privacy;
mod push;
mod rules;
mod sample;
mod support;
mod traps;
