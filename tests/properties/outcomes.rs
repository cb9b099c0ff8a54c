//! What the rules say is kept by increments: after any history it is what evaluating everything would say.

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::pushed::{Office, changed, with_a_gateway, withdrawals};
use crate::rows::Row;

/// One thing that happens.
fn happen(office: &mut Office, rows: &[Row], random: &mut ChaCha8Rng) {
    let some = |random: &mut ChaCha8Rng, share: f64| -> Vec<Row> {
        rows.iter().filter(|_| random.random_bool(share)).cloned().collect()
    };
    match random.random_range(0..6) {
        0 => office.push(&some(random, 0.3)),
        1 => office.push(&withdrawals(&some(random, 0.1))),
        2 => office.push(&changed(&some(random, 0.3), random)),
        3 => office.declare(rows, random),
        4 => office.decide(random),
        _ => office.push(&some(random, 0.02)),
    }
}

#[test]
fn outcomes_kept_by_increments_are_those_of_a_full_evaluation() {
    with_a_gateway(|office, rows, random| {
        let mut left = rows.to_vec();
        left.shuffle(random);
        office.push(&left.split_off(left.len() / *[2, 3, 10].choose(random).expect("one of three")));
        for step in 0..random.random_range(4..10) {
            happen(office, rows, random);
            // Sometimes several things are evaluated at once.
            if random.random_bool(0.6) {
                same(office, &format!("after step {step}"))?;
            }
        }
        same(office, "at the end")
    });
}

fn same(office: &Office, when: &str) -> Result<(), String> {
    match office.outcome_differences() {
        Some(0) => Ok(()),
        Some(wrong) => Err(format!("{when}: {wrong} outcomes, lists or counts differ")),
        None => Err(format!("{when}: outcomes are not kept up to the present state")),
    }
}
