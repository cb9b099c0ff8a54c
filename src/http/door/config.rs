//! How long a connection may take, and how many there may be, before and after its caller has shown a right.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Limits of connections. `_s` are seconds. A *stranger* is a connection on which no token or session was good yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Time for the TLS handshake.
    pub handshake_timeout_s: u64,
    /// Time in which at least some of an answer has to be taken.
    pub answer_idle_s: u64,
    /// Strangers at a time, those in their handshake among them. One more ends the oldest that has said nothing, or else
    /// the oldest.
    pub max_strangers: usize,
    /// The same from one address (of IPv6: from one network of 64 bits).
    pub max_strangers_per_address: usize,
    /// Addresses of proxies: behind them stand many callers, so they are measured by `max_strangers` alone.
    pub proxies: Vec<IpAddr>,
    /// Bytes a second that are read from a stranger.
    pub stranger_bytes_per_s: u64,
    /// Time for which a stranger may send as fast as is read from it before the connection ends.
    pub stranger_flood_s: u64,
    /// Requests at a time on one HTTP/2 connection.
    pub max_streams: u32,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            handshake_timeout_s: 3,
            answer_idle_s: 40,
            max_strangers: 4_096,
            max_strangers_per_address: 1_536,
            proxies: Vec::new(),
            stranger_bytes_per_s: 64 << 10,
            stranger_flood_s: 10,
            max_streams: 100,
        }
    }
}

impl Connections {
    /// Values that must not be zero, by name.
    pub(in crate::http) fn positive(&self) -> [(&'static str, u64); 7] {
        [
            ("connections.handshake_timeout_s", self.handshake_timeout_s),
            ("connections.answer_idle_s", self.answer_idle_s),
            ("connections.max_strangers", self.max_strangers as u64),
            ("connections.max_strangers_per_address", self.max_strangers_per_address as u64),
            ("connections.stranger_bytes_per_s", self.stranger_bytes_per_s),
            ("connections.stranger_flood_s", self.stranger_flood_s),
            ("connections.max_streams", u64::from(self.max_streams)),
        ]
    }
}
