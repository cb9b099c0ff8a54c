//! The outside of the gateway: JSON for agencies and programs, pages for stewards, both over TLS 1.3.
//!
//! Handlers are five lines of thought: extract, authorise, call one function of `service`, map, return. `routes` is the
//! list of everything that can be asked; `problem` is the only place that knows which error is which status; `caller`
//! is the only place that knows how somebody is recognised; `config` names every limit. What leaves the gateway about a
//! person passes `masked` first.

mod access;
mod address;
mod api;
mod body;
mod caller;
mod config;
mod extract;
mod frame;
mod masked;
mod openapi;
mod problem;
mod routes;
mod server;
mod span;
mod steward;
mod tls;

pub use address::{Network, NetworkError};
pub use config::{Config, ConfigError, Limits, Tls};
pub use openapi::document;
pub use server::{HttpError, RunningServer, Wiring, start};
pub use tls::{Identity, Served, TlsError};
