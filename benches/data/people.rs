//! People in four agencies' lists, damaged on purpose, as columns of `config/model/idhard.toml`.

use std::sync::Arc;

use padan::engine::{Day, Digits, Plan, Rows, Trained, Value, train};
use padan::normalise::NameTables;
use padan::normalise::address::street;
use padan::normalise::sound::sounds;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::random::stream;

/// A record as it was written: text as it comes, before anything is normalised.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    nik: Option<String>,
    given: String,
    surname: String,
    born: Option<(u32, u32, u32)>,
    address: Option<String>,
    postcode: String,
    gender: &'static str,
    mother: Option<String>,
}

/// Records of people who have two on average, in random order.
pub(crate) fn written(count: usize, seed: u64) -> Vec<Written> {
    let mut random = stream(seed);
    let lists = Lists::new(&mut random);
    let mut records = Vec::with_capacity(count);
    while records.len() < count {
        let person = lists.person(&mut random);
        let copies = [1, 1, 1, 1, 2, 2, 2, 3, 3, 5][random.random_range(0..10)];
        for copy in 0..copies.min(count - records.len()) {
            let mut record = person.clone();
            if copy > 0 || random.random_bool(0.3) {
                lists.damage(&mut record, &mut random);
            }
            records.push(record);
        }
    }
    for at in (1..records.len()).rev() {
        records.swap(at, random.random_range(0..=at));
    }
    records
}

/// The model: `config/model/idhard.toml`, untrained.
pub(crate) fn untrained() -> Arc<Plan> {
    Arc::new(Plan::parse(MODEL).expect("the model is right"))
}

/// The model, trained on rows.
pub(crate) fn trained(rows: &[(u64, Vec<Value>)]) -> Trained {
    let mut packed = Rows::new(untrained());
    packed.extend(rows).expect("the rows fit the model");
    train(&mut packed, MODEL).expect("the rows train the model")
}

const MODEL: &str = include_str!("../../config/model/idhard.toml");

/// The values of a record in the order of the model's columns.
pub(crate) fn values(record: &Written, plan: &Plan) -> Vec<Value> {
    plan.columns().iter().map(|column| value(record, &column.name)).collect()
}

fn value(record: &Written, column: &str) -> Value {
    let some = |text: String| if text.is_empty() { Value::Missing } else { Value::Text(text) };
    let digits = |digits: &str| Digits::parse(digits).map_or(Value::Missing, Value::Digits);
    let full = || format!("{} {}", record.given, record.surname);
    match column {
        "nik" => record.nik.as_deref().map_or(Value::Missing, digits),
        "given" => some(record.given.to_uppercase()),
        "surname" => some(record.surname.to_uppercase()),
        "sound" => sounds(&full(), NameTables::embedded()).map_or(Value::Missing, Value::Text),
        "dob" => record.born.and_then(|(y, m, d)| Day::new(y, m, d)).map_or(Value::Missing, Value::Date),
        "address" => record.address.as_deref().and_then(street).map_or(Value::Missing, Value::Text),
        "postcode" => digits(&record.postcode),
        "gender" => Value::Code(record.gender.to_owned()),
        "mother" => some(record.mother.as_deref().unwrap_or_default().to_uppercase()),
        other => panic!("the model has a new column '{other}': say here how it is filled"),
    }
}

/// A number from the environment.
pub(crate) fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

/// What people are made from.
struct Lists {
    given: Vec<String>,
    surnames: Vec<String>,
    streets: Vec<String>,
    areas: Vec<String>,
}

impl Lists {
    fn new(random: &mut ChaCha8Rng) -> Self {
        let area = |_| {
            format!("{}{:02}{:02}", random.random_range(11..92), random.random_range(1..26), random.random_range(1..16))
        };
        let areas = (0..1500).map(area).collect();
        let mut words = |count: usize| (0..count).map(|_| word(random)).collect();
        Self { given: words(8000), surnames: words(4000), streets: words(600), areas }
    }

    fn person(&self, random: &mut ChaCha8Rng) -> Written {
        let born = (random.random_range(1935..2020), random.random_range(1..13), random.random_range(1..29));
        let gender = if random.random_bool(0.5) { "P" } else { "L" };
        let area = skewed(&self.areas, random).clone();
        let day = born.2 + if gender == "P" { 40 } else { 0 };
        let nik = format!("{area}{day:02}{:02}{:02}{:04}", born.1, born.0 % 100, random.random_range(1..60));
        let surname = if random.random_bool(0.12) { "" } else { skewed(&self.surnames, random) };
        Written {
            nik: Some(nik),
            given: skewed(&self.given, random).clone(),
            surname: surname.to_owned(),
            born: Some(born),
            address: Some(self.address(random)),
            postcode: format!("{area}{:02}", random.random_range(1..9)),
            gender,
            mother: Some(format!("{} {}", skewed(&self.given, random), skewed(&self.surnames, random))),
        }
    }

    fn address(&self, random: &mut ChaCha8Rng) -> String {
        let street = &self.streets[random.random_range(0..self.streets.len())];
        let (number, rt, rw) = (random.random_range(1..251), random.random_range(1..13), random.random_range(1..10));
        format!("jl {street} no {number} rt {rt:03} rw {rw:03}")
    }

    fn damage(&self, record: &mut Written, random: &mut ChaCha8Rng) {
        for name in [&mut record.given, &mut record.surname] {
            match random.random_range(0..100) {
                0..16 => mistype(name, b'a'..b'{', random),
                16..20 => name.truncate(name.len().div_ceil(2)),
                _ => {}
            }
        }
        match random.random_range(0..100) {
            0..4 => std::mem::swap(&mut record.given, &mut record.surname),
            4..10 => record.surname.clear(),
            _ => {}
        }
        match random.random_range(0..100) {
            0..12 => record.nik.iter_mut().for_each(|nik| mistype(nik, b'0'..b':', random)),
            12..47 => record.nik = None,
            _ => {}
        }
        match random.random_range(0..100) {
            0..5 => record.born = record.born.map(|(year, month, _)| (year, month, random.random_range(1..29))),
            5..9 => record.born = record.born.map(|(year, _, _)| (year, 1, 1)),
            9..21 => record.born = None,
            _ => {}
        }
        match random.random_range(0..100) {
            0..25 => record.address = Some(self.address(random)),
            25..35 => record.address = None,
            _ => {}
        }
        match random.random_range(0..100) {
            0..50 => record.mother = None,
            50..65 => record.mother.iter_mut().for_each(|mother| mistype(mother, b'a'..b'{', random)),
            _ => {}
        }
    }
}

/// One of a list, the first ones far more often.
fn skewed<'a, T>(list: &'a [T], random: &mut ChaCha8Rng) -> &'a T {
    let place: f64 = random.random_range(0.0..1.0);
    &list[(place.powi(4) * list.len() as f64) as usize % list.len()]
}

/// A word of a few syllables.
fn word(random: &mut ChaCha8Rng) -> String {
    const SYLLABLES: [&str; 24] = [
        "a", "ba", "bu", "da", "di", "fa", "ha", "in", "ja", "ka", "la", "li", "ma", "mi", "na", "ni", "pa", "ra",
        "ri", "sa", "si", "ti", "wa", "yu",
    ];
    const ENDS: [&str; 12] = ["n", "h", "r", "t", "wati", "ningsih", "yanto", "wan", "s", "man", "yah", ""];
    let mut word: String = (0..3).map(|_| SYLLABLES[random.random_range(0..SYLLABLES.len())]).collect();
    word.push_str(ENDS[random.random_range(0..ENDS.len())]);
    word
}

/// One letter wrong, missing or too many.
fn mistype(text: &mut String, letters: std::ops::Range<u8>, random: &mut ChaCha8Rng) {
    if text.len() < 2 {
        return;
    }
    let (at, letter) = (random.random_range(0..text.len()), char::from(random.random_range(letters.clone())));
    let number = letters.start == b'0';
    match random.random_range(0..3) {
        1 if !number => drop(text.remove(at)),
        2 if !number => text.insert(at, letter),
        _ => text.replace_range(at..=at, letter.encode_utf8(&mut [0; 4])),
    }
}
