//! Which memberships become one family, when some of them must stay apart.
//!
//! What speaks for a family speaks for pairs of memberships; what forbids one is asked of all that would be in it, so that
//! a third list is no bridge between two families. The strongest evidence is taken first. Where equal evidence draws a
//! membership to several sides that must stay apart, it goes to none of them: no order of rows or names decides it.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::domain::record::PersonId;

/// Of more memberships than this under one head, or on one KK number, not every pair is looked at, only those with the
/// first: nobody heads so many families, the number or the person is wrong.
const MOST_PAIRED: usize = 64;

/// What is asked of a membership.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    /// Everybody on it, ascending.
    pub(super) members: &'a [PersonId],
    /// Its head, where stated.
    pub(super) head: Option<PersonId>,
    /// Its KK number, where usable.
    pub(super) card: Option<&'a str>,
}

/// What speaks for two memberships being one family; the greater is the stronger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence {
    /// One person heads both, and no KK numbers contradict it.
    head: bool,
    /// So many persons are on both, at least two; or all of both, when nobody else is on either.
    members: u32,
    /// They are on one KK number, and no second head is.
    card: bool,
}

/// Heads and KK numbers of what is joined so far, two of each at most: more would not say more.
#[derive(Debug, Clone, Default)]
struct Named<'a> {
    heads: Vec<PersonId>,
    cards: Vec<&'a str>,
}

impl<'a> Named<'a> {
    fn of(side: &Side<'a>) -> Self {
        Self { heads: side.head.into_iter().collect(), cards: side.card.into_iter().collect() }
    }

    fn add(&mut self, other: &Self) {
        add(&mut self.heads, &other.heads);
        add(&mut self.cards, &other.cards);
    }

    /// Two heads with two KK numbers are two families, whatever they share.
    fn contradicts_itself(&self) -> bool {
        self.heads.len() > 1 && self.cards.len() > 1
    }
}

fn add<T: Copy + PartialEq>(known: &mut Vec<T>, more: &[T]) {
    for one in more {
        if known.len() < 2 && !known.contains(one) {
            known.push(*one);
        }
    }
}

/// Joins memberships into families: for each the first one of its family. The answer does not depend on who is asked
/// first: only on the memberships.
pub(super) fn join(sides: &[Side<'_>]) -> Vec<usize> {
    let mut by_evidence: BTreeMap<Evidence, Vec<(usize, usize)>> = BTreeMap::new();
    for (pair, evidence) in evidence(sides) {
        by_evidence.entry(evidence).or_default().push(pair);
    }
    let mut joined = Joined { sets: Sets::new(sides.len()), named: sides.iter().map(Named::of).collect() };
    for pairs in by_evidence.values().rev() {
        joined.take(pairs);
    }
    (0..sides.len()).map(|at| joined.sets.root(at)).collect()
}

/// What speaks for pairs.
fn evidence(sides: &[Side<'_>]) -> FxHashMap<(usize, usize), Evidence> {
    let mut found: FxHashMap<(usize, usize), Evidence> = FxHashMap::default();
    let pair = |a: usize, b: usize| (a.min(b), a.max(b));
    for (a, b) in of_one_head(sides) {
        found.entry(pair(a, b)).or_default().head = true;
    }
    for ((a, b), count) in shared_members(sides) {
        let everybody = sides[a].members == sides[b].members && !differ(sides[a].card, sides[b].card);
        if count >= 2 || everybody {
            found.entry(pair(a, b)).or_default().members = count;
        }
    }
    for (a, b) in on_one_card(sides) {
        found.entry(pair(a, b)).or_default().card = true;
    }
    found
}

fn differ(a: Option<&str>, b: Option<&str>) -> bool {
    a.is_some() && b.is_some() && a != b
}

/// Memberships that one person heads, and whose KK numbers do not contradict it.
fn of_one_head(sides: &[Side<'_>]) -> Vec<(usize, usize)> {
    let mut of_head: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
    for (at, side) in sides.iter().enumerate() {
        if let Some(head) = side.head {
            of_head.entry(head).or_default().push(at);
        }
    }
    let pairs = of_head.values().flat_map(|ats| pairs_of(ats));
    pairs.filter(|(a, b)| !differ(sides[*a].card, sides[*b].card)).collect()
}

/// All pairs; of more than [`MOST_PAIRED`] those with the first one.
fn pairs_of(ats: &[usize]) -> Vec<(usize, usize)> {
    let firsts = if ats.len() > MOST_PAIRED { 1 } else { ats.len() };
    let beside = |at: usize| ats[at + 1..].iter().map(move |other| (ats[at], *other));
    (0..firsts).flat_map(beside).collect()
}

/// How many persons two memberships share, of those that share any.
fn shared_members(sides: &[Side<'_>]) -> FxHashMap<(usize, usize), u32> {
    let mut of_person: FxHashMap<PersonId, Vec<usize>> = FxHashMap::default();
    for (at, side) in sides.iter().enumerate() {
        for person in side.members {
            of_person.entry(*person).or_default().push(at);
        }
    }
    let mut shared: FxHashMap<(usize, usize), u32> = FxHashMap::default();
    for ats in of_person.values() {
        for (i, a) in ats.iter().enumerate() {
            for b in &ats[i + 1..] {
                *shared.entry((*a, *b)).or_default() += 1;
            }
        }
    }
    shared
}

/// Memberships of one KK number on which one head is named. With several heads those of each are joined already, as
/// memberships of one head; those without a head belong to none of them.
fn on_one_card(sides: &[Side<'_>]) -> Vec<(usize, usize)> {
    let mut of_card: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, side) in sides.iter().enumerate() {
        if let Some(card) = side.card {
            of_card.entry(card).or_default().push(at);
        }
    }
    let one_head = |ats: &&Vec<usize>| {
        let heads: BTreeSet<PersonId> = ats.iter().filter_map(|at| sides[*at].head).collect();
        heads.len() == 1
    };
    of_card.values().filter(one_head).flat_map(|ats| pairs_of(ats)).collect()
}

/// Pairs of roots.
type Pairs = Vec<(usize, usize)>;

/// The families so far.
struct Joined<'a> {
    sets: Sets,
    /// Of each root.
    named: Vec<Named<'a>>,
}

impl Joined<'_> {
    /// Joins by pairs of equal evidence.
    fn take(&mut self, pairs: &[(usize, usize)]) {
        let roots: BTreeSet<(usize, usize)> = pairs
            .iter()
            .map(|(a, b)| (self.sets.root(*a), self.sets.root(*b)))
            .filter(|(a, b)| a != b)
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect();
        let open: Pairs = roots.into_iter().filter(|(a, b)| !self.together([*a, *b]).contradicts_itself()).collect();
        let (good, bad) = self.parted(open);
        self.join_all(&good);
        if bad.is_empty() {
            return;
        }
        // A set that is drawn to sides which must stay apart goes to none of them; what then hangs together without a
        // contradiction is joined.
        let mut beside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (a, b) in &bad {
            beside.entry(*a).or_default().push(*b);
            beside.entry(*b).or_default().push(*a);
        }
        let torn: BTreeSet<usize> = beside
            .iter()
            .filter(|(at, others)| self.together(others.iter().copied().chain([**at])).contradicts_itself())
            .map(|(at, _)| *at)
            .collect();
        let rest = bad.into_iter().filter(|(a, b)| !torn.contains(a) && !torn.contains(b)).collect();
        let (good, _) = self.parted(rest);
        self.join_all(&good);
    }

    /// Heads and KK numbers of several sets.
    fn together(&self, roots: impl IntoIterator<Item = usize>) -> Named<'_> {
        let mut named = Named::default();
        roots.into_iter().for_each(|root| named.add(&self.named[root]));
        named
    }

    /// Pairs of roots that may all be followed, and those whose sets together contradict themselves.
    fn parted(&self, pairs: Pairs) -> (Pairs, Pairs) {
        let places: BTreeSet<usize> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let places: Vec<usize> = places.into_iter().collect();
        let place = |root: &usize| places.binary_search(root).expect("every root of a pair has a place");
        let mut sets = Sets::new(places.len());
        for (a, b) in &pairs {
            sets.join(place(a), place(b));
        }
        let mut named: BTreeMap<usize, Named<'_>> = BTreeMap::new();
        for (at, root) in places.iter().enumerate() {
            named.entry(sets.root(at)).or_default().add(&self.named[*root]);
        }
        pairs.into_iter().partition(|(a, _)| !named[&sets.root(place(a))].contradicts_itself())
    }

    fn join_all(&mut self, pairs: &[(usize, usize)]) {
        for (a, b) in pairs {
            let (a, b) = (self.sets.root(*a), self.sets.root(*b));
            if a == b {
                continue;
            }
            let other = std::mem::take(&mut self.named[a.max(b)]);
            self.named[a.min(b)].add(&other);
            self.sets.join(a, b);
        }
    }
}

/// Disjoint sets; the root of a set is its smallest member, so that it does not depend on the order of joins.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
