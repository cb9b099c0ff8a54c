//! Connections whose caller has not shown a right. They are few, in all and from one address, and when there are too many
//! the oldest ends: whoever is served quickly never is, whoever holds a connection without using it makes room.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::Connections;
use super::connection::{Connection, End};

/// All strangers of one listener.
pub(crate) struct Strangers {
    most: usize,
    most_of_address: usize,
    proxies: Vec<IpAddr>,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    next: u64,
    by_age: BTreeMap<u64, Arc<Connection>>,
    by_address: HashMap<IpAddr, BTreeSet<u64>>,
}

impl Strangers {
    /// Nobody yet; at most `room` where that is less than the settings allow.
    pub(crate) fn new(settings: &Connections, room: usize) -> Arc<Self> {
        let most = settings.max_strangers.min(room).max(1);
        Arc::new(Self {
            most,
            most_of_address: settings.max_strangers_per_address.min(most),
            proxies: settings.proxies.iter().map(IpAddr::to_canonical).collect(),
            list: Mutex::default(),
        })
    }

    /// Whether many callers stand behind an address.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.contains(&address)
    }

    /// Somebody came: the answer is the place on the list. Somebody else may have to go.
    pub(crate) fn enter(&self, connection: &Arc<Connection>) -> u64 {
        let address = connection.address();
        let mut list = self.lock();
        let place = list.next;
        list.next += 1;
        list.by_age.insert(place, Arc::clone(connection));
        let of_address = list.by_address.entry(network(address)).or_default();
        of_address.insert(place);
        let crowded = of_address.len() > self.most_of_address && !self.is_proxy(address);
        let oldest = of_address.first().copied().filter(|_| crowded);
        let goes = oldest.and_then(|oldest| list.by_age.get(&oldest).cloned()).or_else(|| list.beyond(self.most));
        drop(list);
        if let Some(goes) = goes {
            goes.leave();
            goes.end(End::Crowded);
        }
        place
    }

    /// Somebody is a stranger no more, or gone.
    pub(crate) fn leave(&self, address: IpAddr, place: u64) {
        let mut list = self.lock();
        list.by_age.remove(&place);
        if let Some(of_address) = list.by_address.get_mut(&network(address)) {
            of_address.remove(&place);
            if of_address.is_empty() {
                list.by_address.remove(&network(address));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    /// The oldest, when there are more than so many.
    fn beyond(&self, most: usize) -> Option<Arc<Connection>> {
        let oldest = self.by_age.first_key_value()?;
        (self.by_age.len() > most).then(|| Arc::clone(oldest.1))
    }
}

/// What one caller is given: an IPv4 address, or a network of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
    }
}
