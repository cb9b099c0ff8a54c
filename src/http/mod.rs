//! The outside of the gateway: JSON for agencies and programs, pages for stewards, both over TLS 1.3.
//!
//! Handlers are five lines of thought: extract, authorise, call one function of `service`, map, return. `routes` is the
//! list of everything that can be asked; `problem` is the only place that knows which error is which status; `caller`
//! is the only place that knows how somebody is recognised; `config` names every limit; `door` stands before all of them and
//! holds each connection to what it may cost. What leaves the gateway about a
//! person passes `masked` first.

mod access;
mod address;
mod answer;
mod api;
mod body;
mod caller;
mod config;
mod docs;
mod door;
mod extract;
mod files;
mod frame;
mod masked;
mod openapi;
mod problem;
mod refusals;
mod routes;
mod server;
mod shapes;
mod span;
mod steward;
mod tls;

pub use address::{Network, NetworkError};
pub use config::{Config, ConfigError, Docs, Limits, Tls};
pub use door::Connections;
pub use files::{FilesError, make_room};
pub use openapi::document;
pub use server::{HttpError, RunningServer, Wiring, start};
pub use tls::{Identity, Served, TlsError};
