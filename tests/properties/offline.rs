//! Laws about a table that is matched in one go.

use std::collections::{BTreeMap, BTreeSet};

use padan::engine::MachineDecision;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::rows::{Row, Sheet, TODAY, fields, matched, model, persons_of, same, without};
use crate::spelling::{KINDS, respelled, with_words_for_nothing};
use crate::world::{Case, in_every_world};

/// What doubles may differ in; birth dates most of all, as they are what is lost most.
const DIFFERENCES: [&str; 7] =
    ["tanggal_lahir", "tanggal_lahir", "tanggal_lahir", "jenis_kelamin", "nama_ibu_kandung", "nama", "nik"];

/// Numbers that say alone who somebody is.
const IDENTIFIERS: [&str; 6] = ["nik", "no_kk", "nisn", "no_jkn", "no_rekening", "no_hp"];

#[test]
fn the_order_of_rows_changes_nothing() {
    in_every_world(|Case { mut rows, mut random }| {
        let expected = persons_of(&rows);
        rows.shuffle(&mut random);
        same(&expected, &persons_of(&rows))?;
        rows.reverse();
        same(&expected, &persons_of(&rows))
    });
}

/// Copies belong to the row they are copies of, where it says enough for two such rows to be linked (two unnamed newborns of
/// one mother may be twins); and nobody else notices.
#[test]
fn copies_of_rows_change_nothing_for_others() {
    in_every_world(|Case { mut rows, mut random }| {
        let before = persons_of(&rows);
        let mut copies = Vec::new();
        for row in rows.sample(&mut random, 12) {
            let count = *[1, 2, 15].choose(&mut random).expect("one of three");
            copies.extend((0..count).map(|nth| (row.id(), row.copied(&format!("{}-{nth}", row.key())))));
        }
        let ids = copies.iter().map(|(_, copy)| copy.id()).collect();
        rows.extend(copies.iter().map(|(_, copy)| copy.clone()));
        rows.shuffle(&mut random);
        let after = persons_of(&rows);
        same(&before, &without(&after, &ids))?;
        let sheet = Sheet::new(&rows);
        let place = |id: &str| rows.iter().position(|row| row.id() == id).expect("a row");
        for (of, copy) in copies.iter().map(|(of, copy)| (of, copy.id())) {
            let together = after.iter().any(|ids| ids.contains(of) && ids.contains(&copy));
            if !together && decision(&sheet, (place(of), place(&copy))) == MachineDecision::Link {
                return Err(format!("{copy} is somebody else"));
            }
        }
        Ok(())
    });
}

/// What two rows alone come to.
fn decision(sheet: &Sheet, pair: (usize, usize)) -> MachineDecision {
    model().explain(sheet, TODAY, pair).expect("rows").expect("two rows").pair.explanation.decision
}

#[test]
fn an_unrelated_row_changes_nothing() {
    in_every_world(|Case { mut rows, mut random }| {
        let before = persons_of(&rows);
        let mut stranger = Row::parse(rows[0].feed, &rows[0].line());
        stranger.fields.retain(|field, _| field == "tgl_data");
        for (field, text) in [
            ("id_sumber", "asing"),
            ("nama", "WOLFGANG XAVER QUINTERO"),
            ("tanggal_lahir", "1911-03-17"),
            ("nama_ibu_kandung", "BRUNHILDE ZYZANSKI"),
            ("kode_desa", "1101012001"),
        ] {
            stranger.set(field, text);
        }
        let ids = BTreeSet::from([stranger.id()]);
        rows.insert(random.random_range(0..rows.len()), stranger);
        let after = persons_of(&rows);
        same(&before, &without(&after, &ids))?;
        if after.contains(&ids) { Ok(()) } else { Err("the stranger is somebody".to_owned()) }
    });
}

/// All ways at once; where that changes something, each way alone says which it was.
#[test]
fn another_spelling_of_the_same_values_changes_nothing() {
    in_every_world(|Case { rows, random }| {
        let before = persons_of(&rows);
        let with = |kinds: &[_]| same(&before, &persons_of(&respelled(&rows, kinds, &mut random.clone())));
        with(KINDS).map_err(|all| {
            let alone = KINDS.iter().filter_map(|kind| with(&[*kind]).err().map(|why| format!("{}: {why}", kind.name)));
            let alone: Vec<String> = alone.collect();
            if alone.is_empty() { format!("together: {all}") } else { alone.join("\n  ") }
        })
    });
}

#[test]
fn words_for_nothing_are_nothing() {
    in_every_world(|Case { rows, mut random }| {
        same(&persons_of(&rows), &persons_of(&with_words_for_nothing(&rows, &mut random)))
    });
}

/// A value that is there and says nothing: cut off by a spreadsheet, of two digits, or a sentence.
fn unreadable(field: &str) -> Option<&'static str> {
    match field {
        "nik" | "no_kk" | "no_jkn" | "no_rekening" | "nisn" | "no_hp" => Some("3.2E+15"),
        "tanggal_lahir" => Some("12/04/90"),
        _ => None,
    }
}

/// Takes values of rows away, or makes them unreadable. Says which: the field that is named, or any.
fn bereave(
    rows: &mut [Row],
    chosen: &BTreeMap<usize, Option<&'static str>>,
    random: &mut ChaCha8Rng,
) -> Vec<(usize, String)> {
    let mut taken = Vec::new();
    for (at, named) in chosen {
        let there = fields().iter().map(String::as_str).filter(|field| *field != "tgl_data");
        let there: Vec<&str> = there.filter(|field| rows[*at].text(field).is_some()).collect();
        let Some(field) = named.or_else(|| there.choose(random).copied()) else { continue };
        match unreadable(field).filter(|_| random.random_bool(0.5)) {
            Some(text) => rows[*at].set(field, text),
            None => drop(rows[*at].fields.insert(field.to_owned(), Value::Null)),
        }
        taken.push((*at, field.to_owned()));
    }
    taken
}

/// Pairs of rows that are one person, both of them none of these.
fn joined(clusters: &[u32], without: &BTreeSet<usize>) -> BTreeSet<(usize, usize)> {
    let rows: Vec<usize> = (0..clusters.len()).filter(|at| !without.contains(at)).collect();
    let together =
        |a: usize| rows.iter().filter(move |b| a < **b && clusters[a] == clusters[**b]).map(move |b| (a, *b));
    rows.iter().flat_map(|a| together(*a)).collect()
}

/// The same in a world in which these rows are not.
fn joined_without(rows: &[Row], left_out: &BTreeSet<usize>) -> BTreeSet<(usize, usize)> {
    let places: Vec<usize> = (0..rows.len()).filter(|at| !left_out.contains(at)).collect();
    let left: Vec<Row> = places.iter().map(|at| rows[*at].clone()).collect();
    let pairs = joined(&matched(&Sheet::new(&left)).clusters, &BTreeSet::new());
    pairs.into_iter().map(|(a, b)| (places[a], places[b])).collect()
}

/// A pair whose own comparison speaks against it: below `link`, and something that both rows say differs.
fn contradict(sheet: &Sheet, pair: (usize, usize)) -> Option<String> {
    let explained = model().explain(sheet, TODAY, pair).expect("rows")?;
    let explanation = &explained.pair.explanation;
    let against =
        explanation.steps.iter().find(|step| step.relation.is_some() && step.weight + step.adjustment < 0.0)?;
    (explanation.weight < explained.thresholds.link)
        .then(|| format!("{} {} at {:.2}", against.comparison, against.level, explanation.weight))
}

/// Adds, for some rows, two that differ from one another in one thing, and a third that may be either: where one value less
/// could settle what should be asked. Says where the third ones are, and what the others differ in.
fn add_doubles(rows: &mut Vec<Row>, random: &mut ChaCha8Rng) -> Vec<(usize, &'static str)> {
    let (mut thirds, all) = (Vec::new(), rows.clone());
    for (nth, row) in all.sample(random, 20).enumerate() {
        let mut one = row.copied(&format!("{}-a{nth}", row.key()));
        if random.random_bool(0.7) {
            one.fields.retain(|field, _| !IDENTIFIERS.contains(&field.as_str()));
        }
        let mut other = one.copied(&format!("{}-b{nth}", row.key()));
        let field = *DIFFERENCES.choose(random).expect("one of them");
        let stranger = all.choose(random).expect("a row").text(field);
        let day = one.text(field).filter(|text| field == "tanggal_lahir" && text.len() == 10);
        let day = day.map(|text| format!("{}{:02}", &text[..8], random.random_range(1..=28)));
        if let Some(text) = day.filter(|_| random.random_bool(0.5)).or_else(|| stranger.map(str::to_owned)) {
            other.set(field, &text);
        }
        let third = [&one, &other].choose(random).expect("one of two").copied(&format!("{}-c{nth}", row.key()));
        rows.extend([one, other, third]);
        thirds.push((rows.len() - 1, field));
    }
    thirds
}

/// A record that says less settles nothing: whoever contradict each other and are one person now were so before, or are so
/// when that record is not there at all, so that others settle it, in whose way its value had been.
#[test]
fn taking_values_away_joins_no_two_others_that_contradict_each_other() {
    in_every_world(|Case { mut rows, mut random }| {
        let thirds = add_doubles(&mut rows, &mut random);
        let full = matched(&Sheet::new(&rows));
        // Most of them are rows that somebody is asked about: there a join is nearest.
        let asked: Vec<usize> =
            full.review.iter().flat_map(|pair| [pair.rows.0 as usize, pair.rows.1 as usize]).collect();
        let any = asked.sample(&mut random, 10).copied().chain((0..10).map(|_| random.random_range(0..rows.len())));
        let mut bereft: BTreeMap<usize, Option<&str>> = any.map(|at| (at, None)).collect();
        bereft.extend(thirds.into_iter().map(|(at, field)| (at, Some(field))));
        let mut fewer = rows.clone();
        let taken = bereave(&mut fewer, &bereft, &mut random);
        let chosen: BTreeSet<usize> = bereft.into_keys().collect();
        let sheet = Sheet::new(&fewer);
        let (before, after) = (joined(&full.clusters, &chosen), joined(&matched(&sheet).clusters, &chosen));
        let contradicting = after.difference(&before).filter_map(|pair| Some((pair, contradict(&sheet, *pair)?)));
        let contradicting: Vec<_> = contradicting.collect();
        if contradicting.is_empty() {
            return Ok(());
        }
        let others = joined_without(&rows, &chosen);
        for (pair, why) in contradicting {
            if !others.contains(pair) {
                let ids = (rows[pair.0].id(), rows[pair.1].id());
                let third = |(at, field): &(usize, String)| {
                    let alone =
                        joined(&matched(&Sheet::new(&only(&rows, &fewer, *at))).clusters, &BTreeSet::from([*at]));
                    alone.contains(pair).then(|| format!("{} of {}", field, rows[*at].id()))
                };
                let third: Vec<String> = taken.iter().filter_map(third).collect();
                return Err(format!("{ids:?} are joined ({why}), without {third:?}"));
            }
        }
        Ok(())
    });
}

/// The rows with one of them changed.
fn only(rows: &[Row], changed: &[Row], at: usize) -> Vec<Row> {
    let mut one = rows.to_vec();
    one[at] = changed[at].clone();
    one
}
