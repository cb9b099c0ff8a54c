//! Region codes of the Ministry of Home Affairs (Kemendagri), with their history.
//!
//! The tables are those of Kepmendagri 300.2.2-2430/2025 together with the editions since 2015, so that a code which a
//! NIK got years ago is told from one that never was. Codes of the statistics office (BPS) look alike and mean other
//! places: they are recognised here, never accepted silently. Nothing here knows where a person lives now.

use std::sync::OnceLock;

use super::number::clean_number;

/// The newest edition in the tables.
const NEWEST_EDITION: u16 = 2025;
/// The oldest edition in the tables; a code listed there may be older.
const OLDEST_EDITION: u16 = 2015;

/// Whether a code is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionStatus {
    /// In the newest edition.
    Active,
    /// In an older edition only.
    Retired,
}

/// One province, regency, district or village.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// 2, 4, 6 or 10 digits.
    pub code: &'static str,
    /// The official name.
    pub name: &'static str,
    /// The first ministerial edition since 2015 that lists it.
    pub first_edition: u16,
    /// The last one.
    pub last_edition: u16,
    /// Earlier spellings, joined by `|`; empty when there are none.
    previous: &'static str,
}

impl Region {
    /// Whether the newest edition lists it.
    pub fn status(&self) -> RegionStatus {
        if self.last_edition == NEWEST_EDITION { RegionStatus::Active } else { RegionStatus::Retired }
    }

    /// Spellings of older editions.
    pub fn previous_names(&self) -> impl Iterator<Item = &'static str> {
        self.previous.split('|').filter(|name| !name.is_empty())
    }
}

/// The region tables: provinces (2 digits), regencies (4), districts (6) and villages (10).
#[derive(Debug)]
pub struct Regions {
    provinces: Level,
    regencies: Level,
    districts: Level,
    villages: Level,
    successors: Vec<(&'static str, Vec<&'static str>)>,
    bps: Vec<(&'static str, &'static str)>,
}

/// The regions of one level, sorted by code, and their codes as numbers: every number of a person is looked up in these.
#[derive(Debug)]
struct Level {
    regions: Vec<Region>,
    numbers: Vec<u64>,
}

impl Level {
    fn new(regions: Vec<Region>) -> Self {
        let numbers = regions.iter().map(|region| number_of(region.code).expect("codes are digits")).collect();
        Self { regions, numbers }
    }
}

/// A code as a number; codes of one length are in the same order as their numbers.
fn number_of(code: &str) -> Option<u64> {
    code.bytes().try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + u64::from(b - b'0')))
}

impl Regions {
    /// The tables that are part of the program. The first call reads them (some milliseconds).
    pub fn embedded() -> &'static Self {
        static REGIONS: OnceLock<Regions> = OnceLock::new();
        REGIONS.get_or_init(|| Self {
            provinces: Level::new(read_level(2)),
            regencies: Level::new(read_level(4)),
            districts: Level::new(read_level(6)),
            villages: Level::new(read_villages()),
            successors: read_pairs(include_str!("../../config/wilayah/successors.txt"))
                .map(|(old, new)| (old, new.split('|').collect()))
                .collect(),
            bps: read_pairs(include_str!("../../config/wilayah/bps.txt")).collect(),
        })
    }

    /// A region by its code.
    pub fn get(&self, code: &str) -> Option<&Region> {
        let level = self.level(code.len())?;
        level.numbers.binary_search(&number_of(code)?).ok().map(|at| &level.regions[at])
    }

    /// Whether a code of 2, 4, 6 or 10 digits is known, and in use. Older editions are known down to the district:
    /// a village number below a retired district counts as retired with it.
    pub fn status(&self, code: &str) -> Option<RegionStatus> {
        if let Some(region) = self.get(code) {
            return Some(region.status());
        }
        let district = code.get(..6).filter(|_| is_village_shaped(code))?;
        self.get(district).map(Region::status).filter(|status| *status == RegionStatus::Retired)
    }

    /// The official name of a code.
    pub fn name(&self, code: &str) -> Option<&str> {
        self.get(code).map(|region| region.name)
    }

    /// The codes that took the place of a retired regency or district; empty when there are none or they are unknown.
    pub fn successors(&self, code: &str) -> &[&'static str] {
        let found = self.successors.binary_search_by(|(old, _)| (*old).cmp(code));
        found.map_or(&[], |at| self.successors[at].1.as_slice())
    }

    /// The code that a place has today: a retired one with one successor is read as that one, at every level below it,
    /// too. One with several successors, or with none that is known, stays as it is.
    pub fn current<'a>(&self, code: &'a str) -> &'a str {
        let in_use = |code: &str| self.get(code).filter(|region| region.status() == RegionStatus::Active);
        let shaped = matches!(code.len(), 4 | 6 | 10) && code.bytes().all(|b| b.is_ascii_digit());
        if !shaped || in_use(code).is_some() {
            return code;
        }
        for level in [6, 4] {
            let Some((old, below)) = code.split_at_checked(level) else { continue };
            match self.successors(old) {
                [] => {}
                [new] => {
                    // Villages of a district may have been numbered anew: then the district is all that is known.
                    let moved = in_use(&format!("{new}{below}")).map(|region| region.code);
                    return moved.unwrap_or(if level == 6 { new } else { code });
                }
                [..] => break,
            }
        }
        code
    }

    /// The code that a region has today; `None` where there was never one of that code.
    pub fn present(&self, code: &str) -> Option<String> {
        self.status(code).map(|_| self.current(code).to_owned())
    }

    /// The region code in a text as files have it: with dots or blanks between the levels (`32.01.05.2008`), or as a float.
    /// Codes of 2, 4, 6 and 10 digits; no code begins with 0, so no zero is lost.
    pub fn read_code(&self, raw: &str) -> Option<String> {
        let read = clean_number(raw).text?;
        let shaped = matches!(read.len(), 2 | 4 | 6 | 10) && read.bytes().all(|b| b.is_ascii_digit());
        (shaped && !read.starts_with('0')).then(|| self.current(&read).to_owned())
    }

    /// The regions a code lies in, from the province down, as far as they are known; not the code itself.
    pub fn parents(&self, code: &str) -> impl Iterator<Item = &Region> {
        [2, 4, 6].into_iter().filter(|len| *len < code.len()).filter_map(|len| self.get(code.get(..len)?))
    }

    /// Provinces in use or once in use.
    pub fn provinces(&self) -> &[Region] {
        &self.provinces.regions
    }

    /// Regencies and cities of a province, retired ones included; all of them for the empty code.
    pub fn regencies_of(&self, province: &str) -> &[Region] {
        below(&self.regencies.regions, province)
    }

    /// Districts of a regency (or of a whole province), retired ones included.
    pub fn districts_of(&self, regency: &str) -> &[Region] {
        below(&self.districts.regions, regency)
    }

    /// Villages of a district (or of a whole regency or province).
    pub fn villages_of(&self, district: &str) -> &[Region] {
        below(&self.villages.regions, district)
    }

    /// The Kemendagri code of a regency that BPS numbers so. Known for Lampung and Kabupaten Bogor; in Lampung the same
    /// four digits mean another regency in 8 of 15 cases.
    pub fn bps_to_kemendagri(&self, regency: &str) -> Option<&str> {
        let found = self.bps.binary_search_by(|(bps, _)| (*bps).cmp(regency));
        found.ok().map(|at| self.bps[at].1)
    }

    /// Whether an unknown code has the shape of a BPS one. A BPS district has seven digits, and a BPS village has its
    /// district's third digit where Kemendagri has the kind of village, which is 1, 2 or 3. A code that both schemes use
    /// cannot be told by itself: that takes the whole batch.
    pub fn looks_like_bps(&self, code: &str) -> bool {
        let digits = code.bytes().all(|b| b.is_ascii_digit());
        let shaped = code.len() == 7 || (code.len() == 10 && !is_village_shaped(code));
        digits && shaped && self.get(&code[..2]).is_some()
    }

    fn level(&self, digits: usize) -> Option<&Level> {
        match digits {
            2 => Some(&self.provinces),
            4 => Some(&self.regencies),
            6 => Some(&self.districts),
            10 => Some(&self.villages),
            _ => None,
        }
    }
}

/// Ten digits with a kind of village (1 kelurahan, 2 desa, 3 desa adat) at the seventh place.
fn is_village_shaped(code: &str) -> bool {
    code.len() == 10 && code.bytes().all(|b| b.is_ascii_digit()) && matches!(code.as_bytes()[6], b'1'..=b'3')
}

/// The run of regions whose code starts with `prefix`.
fn below<'a>(level: &'a [Region], prefix: &str) -> &'a [Region] {
    let start = level.partition_point(|region| region.code < prefix);
    let count = level[start..].partition_point(|region| region.code.starts_with(prefix));
    &level[start..start + count]
}

fn read_pairs(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter_map(|line| line.split_once('\t'))
}

/// Lines `code, name, editions where they are not all, earlier names`, tab between, sorted by code as text.
fn read_level(digits: usize) -> Vec<Region> {
    let lines = read_pairs(include_str!("../../config/wilayah/regions.txt"));
    lines
        .filter(|(code, _)| code.len() == digits)
        .map(|(code, rest)| {
            let mut columns = rest.split('\t');
            let name = columns.next().unwrap_or_default();
            let editions = columns.next().and_then(|span| span.split_once('-'));
            let year = |text: &str| text.parse().ok();
            Region {
                code,
                name,
                first_edition: editions.and_then(|(first, _)| year(first)).unwrap_or(OLDEST_EDITION),
                last_edition: editions.and_then(|(_, last)| year(last)).unwrap_or(NEWEST_EDITION),
                previous: columns.next().unwrap_or_default(),
            }
        })
        .collect()
}

/// Lines `district, tab, villages joined by |`. A village is its last four digits and its name; the digits are left out
/// where they are one more than those before.
fn read_villages() -> Vec<Region> {
    let text = include_str!("../../config/wilayah/villages.txt");
    let mut found: Vec<(&str, u32, &str)> = Vec::with_capacity(text.len() / 12);
    for (district, villages) in read_pairs(text) {
        let mut number = 0;
        for item in villages.split('|') {
            let explicit = item.get(..4).and_then(|digits| digits.parse().ok());
            number = explicit.unwrap_or(number + 1);
            found.push((district, number, if explicit.is_some() { &item[4..] } else { item }));
        }
    }
    // One arena for all codes: it lives as long as the program, like the table itself.
    let mut arena = String::with_capacity(found.len() * 10);
    for (district, number, _) in &found {
        arena.push_str(district);
        for place in [1000, 100, 10, 1] {
            arena.push(char::from(b'0' + (number / place % 10) as u8));
        }
    }
    let arena: &'static str = arena.leak();
    let village = |(at, (_, _, name)): (usize, &(&str, u32, &'static str))| Region {
        code: &arena[at * 10..at * 10 + 10],
        name,
        first_edition: NEWEST_EDITION,
        last_edition: NEWEST_EDITION,
        previous: "",
    };
    found.iter().enumerate().map(village).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(regions: &[Region]) -> usize {
        regions.iter().filter(|region| region.status() == RegionStatus::Active).count()
    }

    #[test]
    fn the_tables_hold_the_edition_of_2025() {
        let regions = Regions::embedded();
        assert_eq!(active(regions.provinces()), 38);
        assert_eq!(active(regions.regencies_of("")), 514);
        assert_eq!(active(regions.districts_of("")), 7_285);
        assert_eq!(active(regions.villages_of("")), 83_762);
        assert_eq!(regions.regencies_of("").len() - 514, 26);
        assert_eq!(regions.districts_of("").len() - 7_285, 594);
    }

    #[test]
    fn every_level_is_sorted_and_hangs_on_the_level_above() {
        let regions = Regions::embedded();
        for level in [2, 4, 6, 10] {
            let list = &regions.level(level).unwrap().regions;
            assert!(list.windows(2).all(|pair| pair[0].code < pair[1].code), "level {level}");
            for region in list {
                assert!(!region.name.is_empty() && region.code.len() == level);
                assert!(region.code.bytes().all(|b| b.is_ascii_digit()), "{}", region.code);
                let parents = [0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 3][level];
                assert_eq!(regions.parents(region.code).count(), parents, "{}", region.code);
            }
        }
    }

    #[test]
    fn regions_have_the_children_the_handbook_counts() {
        let regions = Regions::embedded();
        for (code, districts, villages) in [("3201", 40, 435), ("18", 229, 2_651)] {
            assert_eq!(regions.districts_of(code).len(), districts, "{code}");
            assert_eq!(regions.villages_of(code).len(), villages, "{code}");
        }
        assert_eq!(regions.regencies_of("18").len(), 15);
        assert_eq!(
            regions.villages_of("110101").first().map(|r| (r.code, r.name)),
            Some(("1101012001", "Keude Bakongan"))
        );
        assert!(regions.villages_of("999999").is_empty());
    }

    #[test]
    fn codes_are_active_retired_or_unknown() {
        use RegionStatus::{Active, Retired};
        let regions = Regions::embedded();
        for (code, status) in [
            ("32", Some(Active)),
            ("3201", Some(Active)),
            ("320101", Some(Active)),
            ("1101012015", Some(Active)),
            ("9101", Some(Retired)),
            ("910101", Some(Retired)),
            ("9101012001", Some(Retired)),
            ("9101010001", None),
            ("1101012099", None),
            ("3299", None),
            ("320199", None),
            ("99", None),
            ("", None),
            ("320", None),
            ("32é1", None),
            ("9101é12345", None),
        ] {
            assert_eq!(regions.status(code), status, "{code}");
        }
    }

    #[test]
    fn history_names_successors_and_older_spellings() {
        let regions = Regions::embedded();
        assert_eq!(regions.successors("910101"), ["930101"]);
        assert_eq!(regions.successors("9101"), ["9301"]);
        assert_eq!(regions.successors("920143"), ["960118", "967101"]);
        assert!(regions.successors("911336").is_empty() && regions.successors("3201").is_empty());
        let merauke = regions.get("9101").unwrap();
        assert_eq!((merauke.first_edition, merauke.last_edition), (2015, 2021));
        assert_eq!(regions.get("110110").unwrap().previous_names().collect::<Vec<_>>(), ["Pasi Raja"]);
        for (old, new) in &regions.successors {
            assert_eq!(regions.status(old), Some(RegionStatus::Retired), "{old}");
            assert!(new.iter().all(|code| regions.status(code) == Some(RegionStatus::Active)), "{old}");
        }
    }

    #[test]
    fn a_retired_code_with_one_successor_is_read_as_that_one() {
        let regions = Regions::embedded();
        for (raw, code) in [
            ("9101012001", Some("9301012001")),
            ("910101", Some("930101")),
            ("9101", Some("9301")),
            ("9301012001", Some("9301012001")),
            // No such village there any more: the district is what is known.
            ("9101012099", Some("930101")),
            ("920143", Some("920143")),
            ("9201432001", Some("9201432001")),
            ("32.01.05.2008", Some("3201052008")),
            ("32.01.05", Some("320105")),
            ("320105.0", Some("320105")),
            (" 3201 05 ", Some("320105")),
            ("3201052999", Some("3201052999")),
            ("3.20105E+09", None),
            ("3201010", None),
            ("Cileungsi", None),
            ("0320105", None),
            ("", None),
        ] {
            assert_eq!(regions.read_code(raw).as_deref(), code, "{raw}");
        }
        for (old, _) in &regions.successors {
            let once = regions.current(old);
            assert_eq!(regions.current(once), once, "{old}");
        }
    }

    #[test]
    fn parents_are_named_from_the_province_down() {
        let regions = Regions::embedded();
        let names: Vec<_> = regions.parents("1101012001").map(|region| region.name).collect();
        assert_eq!(names, ["Aceh", "Kabupaten Aceh Selatan", "Bakongan"]);
        assert_eq!(regions.name("1101012001"), Some("Keude Bakongan"));
    }

    #[test]
    fn bps_codes_are_translated_and_recognised() {
        let regions = Regions::embedded();
        assert_eq!(regions.bps_to_kemendagri("1801"), Some("1804"));
        assert_eq!(regions.bps_to_kemendagri("3201"), Some("3201"));
        assert_eq!(regions.bps_to_kemendagri("1199"), None);
        for (code, bps) in [
            ("1803010", true),
            ("180301", false),
            ("1803012001", false),
            ("9903010005", false),
            ("18x3010005", false),
            ("", false),
        ] {
            assert_eq!(regions.looks_like_bps(code), bps, "{code}");
        }
        assert!(!regions.villages_of("").iter().any(|village| regions.looks_like_bps(village.code)));
    }
}
