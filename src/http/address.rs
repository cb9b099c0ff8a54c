//! Whose address a request comes from: the peer's, or, behind proxies that the configuration trusts, the one that the
//! nearest of them saw. What others write into `X-Forwarded-For` counts nothing.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};

use super::config::Config;

const FORWARDED: &str = "x-forwarded-for";

/// Addresses with a common beginning, written `10.0.0.0/8`; or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// A text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no address and no network as in '10.0.0.0/8'")]
pub struct NetworkError {
    text: String,
}

impl Network {
    /// Whether an address is one of them.
    pub fn contains(self, address: IpAddr) -> bool {
        let (own, other) = (number(self.address), number(address.to_canonical()));
        own.1 == other.1 && (own.0 ^ other.0).checked_shr(own.1 - self.bits).unwrap_or(0) == 0
    }
}

/// An address as a number, and how many bits it has.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError { text: text.to_owned() };
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = number(address).1;
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Where a request comes from.
pub(crate) fn client_address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical());
    let config = request.app_data::<web::Data<Config>>();
    let trusted = config.map(|config| config.trusted_proxies.as_slice()).unwrap_or_default();
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_proxy(peer) {
        return peer;
    }
    let values = request.headers().get_all(FORWARDED).filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    // The last one was added by the proxy that speaks to us, the one before it by the proxy behind that.
    for address in named.into_iter().rev() {
        let Some(address) = parsed(address) else { break };
        nearest = address;
        if !is_proxy(address) {
            break;
        }
    }
    nearest
}

/// An address with or without a port.
fn parsed(text: &str) -> Option<IpAddr> {
    let alone = text.trim_matches(['[', ']']).parse().ok();
    alone
        .or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn networks_are_read_and_hold_their_addresses() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("fd00::/8", "fd12::1", true),
            ("::/0", "2001:db8::1", true),
        ] {
            let parsed: Network = network.parse().expect(network);
            assert_eq!(parsed.contains(address.parse().expect(address)), inside, "{network} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/x", "padan.id", "10.0.0/8", "::/129"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_who_it_speaks_for() {
        let proxies = ["10.0.0.1".parse().expect("an address"), "10.1.0.0/16".parse().expect("a network")];
        for (peer, forwarded, found) in [
            ("9.9.9.9:1", "1.2.3.4", "9.9.9.9"),
            ("10.0.0.1:1", "1.2.3.4", "1.2.3.4"),
            ("10.0.0.1:1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
            ("10.0.0.1:1", "6.6.6.6, 1.2.3.4, 10.1.2.3", "1.2.3.4"),
            ("10.0.0.1:1", "1.2.3.4:5555", "1.2.3.4"),
            ("10.0.0.1:1", "[2001:db8::1]:80", "2001:db8::1"),
            ("10.0.0.1:1", "1.2.3.4, evil", "10.0.0.1"),
            ("10.0.0.1:1", "", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:1", "1.2.3.4", "1.2.3.4"),
        ] {
            let config = Config { trusted_proxies: proxies.to_vec(), ..Config::default() };
            let request = TestRequest::get().app_data(web::Data::new(config)).insert_header((FORWARDED, forwarded));
            let request = request.peer_addr(peer.parse().expect("an address")).to_http_request();
            assert_eq!(client_address(&request).to_string(), found, "{peer} {forwarded}");
        }
    }
}
