//! A prepared name as letters and numbers, for checkpoints.

use super::prepared::{PreparedName, Spelling, Word};

/// Words of a name at most: more than any field holds.
const MOST_WORDS: u32 = 1 << 16;

impl PreparedName {
    /// Appends all that was prepared.
    pub(in crate::engine) fn flatten(&self, letters: &mut Vec<u8>, numbers: &mut Vec<u32>) {
        letters.extend_from_slice(&self.block);
        numbers.extend([self.block.len() as u32, self.concat_at, self.plain_at, self.hard, self.bits.to_bits()]);
        numbers.extend((0..4).map(|quarter| (self.contrasts >> (32 * quarter)) as u32));
        numbers.extend([u32::from(self.cut), self.words.len() as u32]);
        self.words.iter().for_each(|word| word.flatten(numbers));
    }

    /// Takes a name from the front of letters and numbers; `None` when they do not make one.
    pub(in crate::engine) fn restore(letters: &mut &[u8], numbers: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let mut next = || numbers.next();
        let (block, rest) = letters.split_at_checked(next()? as usize)?;
        *letters = rest;
        let (concat_at, plain_at, hard, bits) = (next()?, next()?, next()?, f32::from_bits(next()?));
        if concat_at > plain_at || plain_at as usize > block.len() {
            return None;
        }
        let mut contrasts = 0;
        for quarter in 0..4 {
            contrasts |= u128::from(next()?) << (32 * quarter);
        }
        let (cut, count) = (next()? != 0, next()?);
        let words = (0..count.min(MOST_WORDS)).map(|_| Word::restore(block, numbers)).collect::<Option<_>>()?;
        Some(Self { block: block.into(), concat_at, plain_at, words, hard, bits, contrasts, cut })
    }
}

impl Word {
    fn flatten(&self, numbers: &mut Vec<u32>) {
        let Self { fold, clean, heavy, letters, near, weight, soft, first, silent } = *self;
        numbers.extend([fold.start, fold.len, clean.start, clean.len, heavy, letters, near, weight.to_bits()]);
        numbers.push(u32::from(soft) | u32::from(silent) << 1 | u32::from(first) << 8);
    }

    fn restore(block: &[u8], numbers: &mut impl Iterator<Item = u32>) -> Option<Self> {
        let mut next = || numbers.next();
        let mut spelling = || {
            let (start, len) = (next()?, next()?);
            (u64::from(start) + u64::from(len) <= block.len() as u64).then_some(Spelling { start, len })
        };
        let (fold, clean) = (spelling()?, spelling()?);
        let (heavy, letters, near, weight) = (next()?, next()?, next()?, f32::from_bits(next()?));
        let marks = next()?;
        let (soft, silent, first) = (marks & 1 != 0, marks & 2 != 0, (marks >> 8) as u8);
        Some(Self { fold, clean, heavy, letters, near, weight, soft, first, silent })
    }
}
