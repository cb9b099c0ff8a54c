//! Many short lists of numbers in one run of memory.
//!
//! A list has the room of its size class: 2, 3, 4, 6, 8, 12 numbers and so on. One that outgrows its room, or would do
//! with that of a smaller class, moves, and the next list of the class takes the room over. So a list costs one number
//! beside its own and what is free in its room; a `Vec` costs three words and a block of the allocator.

/// The place of the list without numbers.
pub(crate) const EMPTY: u32 = 0;

/// Places are below this, so that their owners have a bit for marks.
const MOST: usize = i32::MAX as usize;

/// Lists of 32-bit numbers, each known by its place.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// At the place of a list stands its length, then come its numbers and the rest of its room.
    words: Vec<u32>,
    /// Rooms that no list has, by size class.
    free: Vec<Vec<u32>>,
}

impl Lists {
    /// The numbers of a list.
    #[inline]
    pub(crate) fn get(&self, place: u32) -> &[u32] {
        if place == EMPTY {
            return &[];
        }
        let at = place as usize;
        &self.words[at + 1..][..self.words[at] as usize]
    }

    /// A new list; its place.
    pub(crate) fn add(&mut self, numbers: &[u32]) -> u32 {
        if numbers.is_empty() {
            return EMPTY;
        }
        let place = self.open(class_of(numbers.len()));
        self.words[place as usize] = numbers.len() as u32;
        self.words[place as usize + 1..][..numbers.len()].copy_from_slice(numbers);
        place
    }

    /// Puts numbers into a list, before the one at `at`. The place of the list from now on.
    pub(crate) fn insert(&mut self, place: u32, at: usize, numbers: &[u32]) -> u32 {
        let len = self.get(place).len();
        if len == 0 {
            return self.add(numbers);
        }
        let longer = len + numbers.len();
        let place = self.fit(place, class_of(len), class_of(longer));
        let start = place as usize + 1;
        self.words.copy_within(start + at..start + len, start + at + numbers.len());
        self.words[start + at..][..numbers.len()].copy_from_slice(numbers);
        self.words[place as usize] = longer as u32;
        place
    }

    /// Takes `count` numbers out of a list, from `at` on. The place of the list from now on.
    pub(crate) fn remove(&mut self, place: u32, at: usize, count: usize) -> u32 {
        let (start, len) = (place as usize + 1, self.get(place).len());
        let shorter = len - count;
        if shorter == 0 {
            return self.release(place);
        }
        self.words.copy_within(start + at + count..start + len, start + at);
        self.words[place as usize] = shorter as u32;
        self.fit(place, class_of(len), class_of(shorter))
    }

    /// Gives the room of a list back.
    pub(crate) fn release(&mut self, place: u32) -> u32 {
        let len = self.get(place).len();
        if len > 0 {
            self.give_back(place, class_of(len));
        }
        EMPTY
    }

    /// Moves a list to a room of another class.
    fn fit(&mut self, place: u32, from: usize, to: usize) -> u32 {
        if from == to {
            return place;
        }
        let new = self.open(to);
        let (old, len) = (place as usize, self.get(place).len());
        self.words.copy_within(old..=old + len, new as usize);
        self.give_back(place, from);
        new
    }

    fn give_back(&mut self, place: u32, class: usize) {
        if self.free.len() <= class {
            self.free.resize(class + 1, Vec::new());
        }
        self.free[class].push(place);
    }

    /// The place of a free room.
    fn open(&mut self, class: usize) -> u32 {
        if let Some(place) = self.free.get_mut(class).and_then(Vec::pop) {
            return place;
        }
        // Nothing stands at the place of the empty list.
        let place = self.words.len().max(1);
        self.words.resize(place + 1 + room(class), 0);
        assert!(self.words.len() <= MOST, "lists hold less than 2 G numbers");
        place as u32
    }
}

/// How many numbers a class has room for.
fn room(class: usize) -> usize {
    (2 + class % 2) << (class / 2)
}

/// The first class with room for so many numbers.
fn class_of(len: usize) -> usize {
    if len <= 2 {
        return 0;
    }
    let power = (len - 1).ilog2() as usize;
    if len <= 3 << (power - 1) { 2 * power - 1 } else { 2 * power }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_class_with_room_is_found() {
        for len in 1..5000 {
            let class = class_of(len);
            assert!(room(class) >= len && (class == 0 || room(class - 1) < len), "{len}");
        }
    }

    proptest! {
        #[test]
        fn lists_are_lists(steps in proptest::collection::vec((0..6usize, any::<bool>(), 0..9usize, 1..4usize), 1..300)) {
            let mut lists = Lists::default();
            let mut places = [EMPTY; 6];
            let mut expected: [Vec<u32>; 6] = Default::default();
            for (step, (which, adds, at, count)) in (1u32..).zip(steps) {
                let (place, list) = (&mut places[which], &mut expected[which]);
                let at = at.min(list.len());
                if adds {
                    let numbers = vec![step; count];
                    *place = lists.insert(*place, at, &numbers);
                    list.splice(at..at, numbers);
                } else if at + count <= list.len() {
                    *place = lists.remove(*place, at, count);
                    list.drain(at..at + count);
                }
                for (place, list) in places.iter().zip(&expected) {
                    prop_assert_eq!(lists.get(*place), list.as_slice());
                }
            }
        }
    }
}
