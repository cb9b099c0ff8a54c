//! Connections whose caller has not shown a right. They are few, in all and from one address, and when there are too many
//! the oldest of those ends that have said nothing, or else the oldest: whoever says what it wants and is served never is,
//! whoever holds a connection without using it makes room.

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
    all: Places,
    by_address: HashMap<IpAddr, Places>,
}

/// Places on the list, the oldest first.
#[derive(Default)]
struct Places {
    taken: BTreeSet<u64>,
    /// Those of which nothing was heard yet.
    silent: BTreeSet<u64>,
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
        list.all.enter(place);
        let of_address = list.by_address.entry(network(address)).or_default();
        of_address.enter(place);
        let most = if self.is_proxy(address) { self.most } else { self.most_of_address };
        let goes = of_address.beyond(most, place).or_else(|| list.all.beyond(self.most, place));
        let goes = goes.and_then(|goes| list.by_age.get(&goes).cloned());
        drop(list);
        if let Some(goes) = goes {
            goes.leave();
            goes.end(End::Crowded);
        }
        place
    }

    /// Somebody said something.
    pub(crate) fn heard(&self, address: IpAddr, place: u64) {
        let mut list = self.lock();
        list.all.silent.remove(&place);
        if let Some(of_address) = list.by_address.get_mut(&network(address)) {
            of_address.silent.remove(&place);
        }
    }

    /// Somebody is a stranger no more, or gone.
    pub(crate) fn leave(&self, address: IpAddr, place: u64) {
        let mut list = self.lock();
        list.by_age.remove(&place);
        list.all.leave(place);
        if let Some(of_address) = list.by_address.get_mut(&network(address)) {
            of_address.leave(place);
            if of_address.taken.is_empty() {
                list.by_address.remove(&network(address));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn enter(&mut self, place: u64) {
        self.taken.insert(place);
        self.silent.insert(place);
    }

    fn leave(&mut self, place: u64) {
        self.taken.remove(&place);
        self.silent.remove(&place);
    }

    /// Who has to go for a newcomer when there are more than so many.
    fn beyond(&self, most: usize, newcomer: u64) -> Option<u64> {
        let goes = self.silent.first().filter(|silent| **silent != newcomer).or(self.taken.first());
        goes.copied().filter(|_| self.taken.len() > most)
    }
}

/// What one caller is given: an IPv4 address, or a network of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
    }
}
