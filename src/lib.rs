//! Padan: the hub where agencies' lists of social-assistance beneficiaries meet.

pub mod complement;
pub mod domain;
pub mod engine;
pub mod feed;
pub mod golden;
pub mod normalise;
pub mod prepare;
pub mod review;
pub mod simulate;
pub mod tables;

#[cfg(feature = "gateway")]
pub mod audit;
#[cfg(feature = "gateway")]
pub mod auth;
#[cfg(feature = "gateway")]
pub mod service;
#[cfg(feature = "gateway")]
pub mod sheet;
#[cfg(feature = "gateway")]
pub mod store;
#[cfg(feature = "gateway")]
pub mod worker;

#[cfg(feature = "gateway")]
pub mod cli;
#[cfg(feature = "gateway")]
pub mod config;
#[cfg(feature = "gateway")]
pub mod http;
#[cfg(feature = "gateway")]
pub mod list;
#[cfg(feature = "gateway")]
pub mod telemetry;
