//! Names as people of one region carry them: mononyms, Sundanese pairs, Javanese compounds, Muslim and modern names.

use std::collections::BTreeMap;

use super::dice::Dice;
use crate::domain::sex::Sex;

const POOLS: &str = include_str!("../../config/names/pools.txt");
const LISTS: [&str; 3] = [
    include_str!("../../config/names/faker_id_ID.csv"),
    include_str!("../../config/names/fakerjs_id_ID.csv"),
    include_str!("../../config/names/mutiawsr_indonesian_names.csv"),
];

/// Tokens in the order of their frequency; drawn by rank as in Zipf's law.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    tokens: Vec<String>,
    cumulative: Vec<f64>,
}

impl Pool {
    fn new(name: &str, tokens: Vec<String>) -> Self {
        // A few words begin half of all names of two words.
        let (shift, power) = match name {
            "siti" | "muslim1" | "modern_m" => (1.1, 1.15),
            "muslima" | "muslim2" | "modern_f" | "jawa_f" | "jawa_m" => (2.0, 1.0),
            _ => (2.5, 0.85),
        };
        let mut sum = 0.0;
        let cumulative = (0..tokens.len())
            .map(|rank| {
                sum += (rank as f64 + shift).powf(-power);
                sum
            })
            .collect();
        Self { tokens, cumulative }
    }

    /// One token; empty when the pool is.
    pub(crate) fn draw(&self, dice: &mut Dice) -> &str {
        let mark = dice.unit() * self.cumulative.last().copied().unwrap_or_default();
        let index = self.cumulative.partition_point(|sum| *sum <= mark);
        self.tokens.get(index.min(self.tokens.len().saturating_sub(1))).map_or("", String::as_str)
    }
}

macro_rules! pools {
    ($($field:ident),+ $(,)?) => {
        /// All tokens that names are made of, by pool.
        #[derive(Debug, Clone, Default)]
        pub struct NamePools {
            $(pub(crate) $field: Pool,)+
        }

        impl NamePools {
            fn from_lists(mut lists: BTreeMap<String, Vec<String>>) -> Self {
                let mut pool = |name: &str| Pool::new(name, lists.remove(name).unwrap_or_default());
                Self { $($field: pool(stringify!($field)),)+ }
            }

            #[cfg(test)]
            fn sizes(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($field), self.$field.tokens.len()),)+]
            }
        }
    };
}

pools!(
    siti,
    muslima,
    muslim1,
    muslim2,
    sunda_m_old,
    sunda_f_old,
    sunda_m,
    sunda_m_tail,
    sunda_f,
    sunda_f_tail,
    jawa_m_old,
    jawa_f_old,
    jawa_m,
    jawa_m_tail,
    jawa_f,
    jawa_f_tail,
    modern_m,
    modern_m_tail,
    modern_f,
    modern_f_tail,
    lampung_m,
    lampung_f,
    bali_first_m,
    bali_first_f,
    bali_tail,
    clan,
    batak_m,
    batak_f,
    place_java,
    place_sumatra,
    street,
    hamlet,
    hamlet_tail,
    field_worker,
    list_m,
    list_f,
    list_last_m,
    list_last_f,
);

impl NamePools {
    /// The pools that are part of the program (`config/names/`).
    pub fn embedded() -> Self {
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (pool, tokens) in POOLS.lines().filter_map(|line| line.split_once(": ")) {
            let tokens = tokens.split_whitespace().map(|token| token.replace('_', " "));
            lists.entry(pool.to_owned()).or_default().extend(tokens);
        }
        for (list, value) in LISTS.iter().flat_map(|csv| csv.lines().skip(1)).filter_map(|line| line.split_once(',')) {
            let token = value.trim_matches('"').to_uppercase();
            let letters = token.len() >= 3 && token.bytes().all(|b| b.is_ascii_uppercase());
            if let Some(pool) = list_pool(list).filter(|_| letters) {
                let tokens = lists.entry(pool.to_owned()).or_default();
                if !tokens.contains(&token) {
                    tokens.push(token);
                }
            }
        }
        // The copied lists are alphabetical; a fixed shuffle makes their ranks mean nothing.
        for pool in ["list_m", "list_f", "list_last_m", "list_last_f"] {
            lists.entry(pool.to_owned()).or_default().sort_by_key(|token| xxhash_rust::xxh3::xxh3_64(token.as_bytes()));
        }
        Self::from_lists(lists)
    }
}

fn list_pool(list: &str) -> Option<&'static str> {
    let list = list.replace('-', "_");
    let female = list.contains("female");
    match (list.starts_with("first"), list.starts_with("last"), female) {
        (true, _, true) => Some("list_f"),
        (true, _, false) => Some("list_m"),
        (_, true, true) => Some("list_last_f"),
        (_, true, false) => Some("list_last_m"),
        (false, false, _) => None,
    }
}

/// Words that open a name and are none by themselves.
const NEVER_ALONE: [&str; 8] = ["SITI", "MUHAMMAD", "AHMAD", "ABDUL", "NUR", "AL", "DWI", "TRI"];

/// How a family names its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Culture {
    Sunda,
    Jawa,
    Muslim,
    Lampung,
    Bali,
    Batak,
}

impl Culture {
    /// The culture of a family in a province, drawn by its share there.
    pub(crate) fn of(province: &str, dice: &mut Dice) -> Self {
        let shares = match province {
            "32" | "36" => [0.55, 0.15, 0.26, 0.0, 0.01, 0.03],
            "18" => [0.12, 0.46, 0.19, 0.16, 0.04, 0.03],
            "33" | "34" | "35" => [0.02, 0.75, 0.21, 0.0, 0.01, 0.01],
            _ => [0.10, 0.35, 0.42, 0.03, 0.02, 0.08],
        };
        [Self::Sunda, Self::Jawa, Self::Muslim, Self::Lampung, Self::Bali, Self::Batak][dice.weighted(&shares)]
    }
}

impl NamePools {
    /// A new name of one word or more, upper case.
    pub(crate) fn person(&self, culture: Culture, sex: Sex, year: i16, dice: &mut Dice) -> String {
        let mononyms = match year {
            ..1970 => 0.66,
            1970..2000 => 0.36,
            _ => 0.10,
        };
        if dice.chance(mononyms) && !matches!(culture, Culture::Batak | Culture::Bali) {
            let name = self.mononym(culture, sex, year, dice);
            if !NEVER_ALONE.contains(&name) {
                return name.to_owned();
            }
        }
        let name = self.compound(culture, sex, year, dice);
        without_repeats(&name)
    }

    fn mononym(&self, culture: Culture, sex: Sex, year: i16, dice: &mut Dice) -> &str {
        let male = sex == Sex::Male;
        let pool = match (culture, male) {
            _ if dice.chance(0.12) => {
                if male {
                    &self.list_m
                } else {
                    &self.list_f
                }
            }
            _ if year >= 2000 => {
                if male {
                    &self.modern_m
                } else {
                    &self.modern_f
                }
            }
            _ if dice.chance(0.25) => {
                if male {
                    &self.muslim2
                } else {
                    &self.muslima
                }
            }
            (Culture::Jawa, true) => &self.jawa_m_old,
            (Culture::Jawa, false) => &self.jawa_f_old,
            (Culture::Lampung, true) => &self.lampung_m,
            (Culture::Lampung, false) => &self.lampung_f,
            (_, true) if year < 1980 => &self.sunda_m_old,
            (_, false) if year < 1980 => &self.sunda_f_old,
            (_, true) => &self.sunda_m,
            (_, false) => &self.sunda_f,
        };
        pool.draw(dice)
    }

    fn compound(&self, culture: Culture, sex: Sex, year: i16, dice: &mut Dice) -> String {
        let male = sex == Sex::Male;
        match culture {
            Culture::Batak => {
                let first = if male { &self.batak_m } else { &self.batak_f };
                return format!("{} {}", first.draw(dice), self.clan.draw(dice));
            }
            Culture::Bali => {
                let first = if male { &self.bali_first_m } else { &self.bali_first_f };
                let mark = if male { "I" } else { "NI" };
                return format!("{mark} {} {}", first.draw(dice), self.bali_tail.draw(dice));
            }
            Culture::Sunda | Culture::Jawa | Culture::Muslim | Culture::Lampung => {}
        }
        let first = self.first(culture, male, year, dice);
        let last = self.last(culture, male, year, dice);
        if dice.chance(if year >= 2000 { 0.42 } else { 0.14 }) {
            let middle = self.middle(male, year, dice);
            if dice.chance(0.03) {
                let further = self.middle(male, year, dice);
                return format!("{first} {middle} {further} {last}");
            }
            return format!("{first} {middle} {last}");
        }
        format!("{first} {last}")
    }

    fn first(&self, culture: Culture, male: bool, year: i16, dice: &mut Dice) -> &str {
        let modern = year >= 2000 && dice.chance(0.7);
        let pool = match (culture, male) {
            _ if dice.chance(0.12) => {
                if male {
                    &self.list_m
                } else {
                    &self.list_f
                }
            }
            (_, true) if modern => &self.modern_m,
            (_, false) if modern => &self.modern_f,
            (Culture::Jawa, true) => &self.jawa_m,
            (Culture::Jawa, false) => &self.jawa_f,
            (Culture::Lampung, true) => &self.lampung_m,
            (Culture::Lampung, false) => &self.lampung_f,
            (Culture::Sunda, true) if dice.chance(0.65) => &self.sunda_m,
            (Culture::Sunda, false) if dice.chance(0.4) => &self.sunda_f,
            (_, true) => &self.muslim1,
            (_, false) => &self.siti,
        };
        pool.draw(dice)
    }

    fn middle(&self, male: bool, year: i16, dice: &mut Dice) -> &str {
        let pool = match male {
            true if year >= 2000 => &self.modern_m,
            false if year >= 2000 => &self.modern_f,
            true => &self.muslim2,
            false => &self.siti,
        };
        if dice.chance(0.25) {
            if male { self.list_m.draw(dice) } else { self.list_f.draw(dice) }
        } else {
            pool.draw(dice)
        }
    }

    fn last(&self, culture: Culture, male: bool, year: i16, dice: &mut Dice) -> &str {
        let modern = year >= 2000 && dice.chance(0.65);
        let pool = match (culture, male) {
            _ if dice.chance(0.12) => {
                if male {
                    &self.list_last_m
                } else {
                    &self.list_last_f
                }
            }
            (_, true) if modern => &self.modern_m_tail,
            (_, false) if modern => &self.modern_f_tail,
            (Culture::Jawa, true) => &self.jawa_m_tail,
            (Culture::Jawa, false) => &self.jawa_f_tail,
            (Culture::Sunda, true) if dice.chance(0.6) => &self.sunda_m_tail,
            (Culture::Sunda, false) if dice.chance(0.45) => &self.sunda_f_tail,
            (_, true) => &self.muslim2,
            (_, false) => &self.muslima,
        };
        pool.draw(dice)
    }

    /// Names of twins: one letter or one word apart (HASAN and HUSEIN).
    pub(crate) fn twins(&self, sexes: (Sex, Sex), dice: &mut Dice) -> (String, String) {
        const BOYS: [(&str, &str); 6] = [
            ("HASAN", "HUSEIN"),
            ("ALFAN", "ALFIN"),
            ("RAFA", "RAFI"),
            ("FAJAR", "FAJRI"),
            ("ARYA", "ARYO"),
            ("RIDWAN", "RIDHWAN"),
        ];
        const GIRLS: [(&str, &str); 6] = [
            ("HASANAH", "HUSNAH"),
            ("NADIA", "NADIN"),
            ("ZAHRA", "ZAHWA"),
            ("AISYA", "AISYI"),
            ("NAILA", "NAILI"),
            ("SALMA", "SALWA"),
        ];
        const MIXED: [(&str, &str); 5] =
            [("PUTRA", "PUTRI"), ("RIZKI", "RIZKA"), ("FITRA", "FITRI"), ("DWIKI", "DWIKA"), ("RAMDAN", "RAMDANI")];
        let (first, second) = match sexes {
            (Sex::Male, Sex::Male) => dice.pick(&BOYS),
            (Sex::Female, Sex::Female) => dice.pick(&GIRLS),
            (Sex::Male, Sex::Female) => dice.pick(&MIXED),
            (Sex::Female, Sex::Male) => {
                let (boy, girl) = dice.pick(&MIXED);
                (girl, boy)
            }
        };
        let tail = if sexes.0 == Sex::Male { self.modern_m_tail.draw(dice) } else { self.modern_f_tail.draw(dice) };
        (format!("{first} {tail}"), format!("{second} {tail}"))
    }

    /// A place of birth: mostly the seat of the region.
    pub(crate) fn birth_place(&self, province: &str, dice: &mut Dice) -> String {
        let pool = if province.starts_with('3') { &self.place_java } else { &self.place_sumatra };
        let home = pool.tokens.first().map_or("", String::as_str);
        if dice.chance(0.82) { home.to_owned() } else { pool.draw(dice).to_owned() }
    }
}

/// MAULANA MAULANA is nobody's name.
fn without_repeats(name: &str) -> String {
    let mut words: Vec<&str> = Vec::with_capacity(4);
    for word in name.split(' ') {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;

    #[test]
    fn every_pool_is_filled_with_upper_case_words() {
        let pools = NamePools::embedded();
        for (name, size) in pools.sizes() {
            assert!(size >= 4, "{name} has {size}");
        }
        for token in pools.list_m.tokens.iter().chain(&pools.muslima.tokens) {
            assert!(token.bytes().all(|b| b.is_ascii_uppercase()), "{token}");
        }
    }

    #[test]
    fn old_people_have_one_word_more_often_than_children() {
        let pools = NamePools::embedded();
        let mut dice = Dice::new(3, Purpose::Family, 1);
        let mut single = |year| {
            (0..2000).filter(|_| !pools.person(Culture::Sunda, Sex::Female, year, &mut dice).contains(' ')).count()
        };
        let (old, middle, young) = (single(1955), single(1985), single(2015));
        assert!(old > middle && middle > young && young > 50, "{old} {middle} {young}");
    }

    #[test]
    fn twins_differ_by_little() {
        let pools = NamePools::embedded();
        let mut dice = Dice::new(3, Purpose::Family, 2);
        for sexes in [(Sex::Male, Sex::Male), (Sex::Female, Sex::Male), (Sex::Female, Sex::Female)] {
            let (a, b) = pools.twins(sexes, &mut dice);
            assert_ne!(a, b);
            assert_eq!(a.split(' ').next_back(), b.split(' ').next_back());
        }
    }
}
