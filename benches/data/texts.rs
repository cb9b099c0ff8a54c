//! Texts to compare: full names and numbers, the same in every run.

use rand::RngExt as _;

use crate::random::stream;

/// Full names of two words from the pools of the generator; they have 14 to 15 letters on average.
pub(crate) fn names(count: usize, seed: u64) -> Vec<String> {
    let words: Vec<&str> = include_str!("../../config/names/pools.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(_, words)| words.split_whitespace())
        .filter(|word| word.len() > 3)
        .collect();
    let mut random = stream(seed);
    let mut word = || words[random.random_range(0..words.len())];
    (0..count).map(|_| format!("{} {}", word(), word())).collect()
}

/// Random numbers of sixteen digits.
pub(crate) fn numbers(count: usize, seed: u64) -> Vec<String> {
    let mut random = stream(seed);
    (0..count).map(|_| format!("{:016}", random.random_range(0..10u64.pow(16)))).collect()
}
