//! One world a profile, judged as a reader of its files would.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use serde_json::Value;

use super::*;
use crate::domain::date::{Date, age_on};
use crate::domain::nik::{NikRelation, nik_relation};
use crate::domain::region::Regions;

mod contract;

/// Everything that a world says, in memory.
#[derive(Debug, Default, Clone, PartialEq)]
struct Memory {
    rows: Vec<(Feed, String)>,
    truth: Vec<TruthRow>,
    persons: Vec<PersonRow>,
    findings: Vec<FindingRow>,
    closed: Vec<ClosedFeed>,
}

impl Sink for Memory {
    fn row(&mut self, feed: Feed, line: &str) -> Result<(), SinkError> {
        self.rows.push((feed, line.to_owned()));
        Ok(())
    }

    fn truth(&mut self, truth: &TruthRow) -> Result<(), SinkError> {
        self.truth.push(truth.clone());
        Ok(())
    }

    fn person(&mut self, person: &PersonRow) -> Result<(), SinkError> {
        self.persons.push(person.clone());
        Ok(())
    }

    fn finding(&mut self, finding: &FindingRow) -> Result<(), SinkError> {
        self.findings.push(finding.clone());
        Ok(())
    }

    fn completeness(&mut self, closed: &ClosedFeed) -> Result<(), SinkError> {
        self.closed.push(closed.clone());
        Ok(())
    }
}

impl Memory {
    fn parsed(&self, feed: Feed) -> Vec<Value> {
        let lines = self.rows.iter().filter(|(of, _)| *of == feed);
        lines.map(|(_, line)| serde_json::from_str(line).expect("a row is JSON")).collect()
    }

    fn found(&self, rule: &str) -> Vec<&FindingRow> {
        self.findings.iter().filter(|finding| finding.rule_id == rule).collect()
    }

    fn person_of(&self) -> HashMap<(Feed, &str), &PersonRow> {
        let persons: HashMap<&str, &PersonRow> = self.persons.iter().map(|p| (p.person_id.as_str(), p)).collect();
        self.truth.iter().map(|t| ((t.feed, t.id_sumber.as_str()), persons[t.person_id.as_str()])).collect()
    }
}

/// Eight districts of Kab. Bogor with two villages each.
fn tables() -> Tables {
    let districts = [
        ("320105", "Babakan Madang"),
        ("320110", "Parung"),
        ("320114", "Leuwiliang"),
        ("320117", "Pamijahan"),
        ("320121", "Nanggung"),
        ("320122", "Cigudeg"),
        ("320124", "Ciawi"),
        ("320134", "Rancabungur"),
    ];
    let villages = districts
        .iter()
        .flat_map(|(code, name)| [2003, 2006].map(|village| (format!("{code}{village}"), format!("{name} {village}"))));
    let elsewhere = ["320203", "320411", "320506", "327103", "327601", "330204", "340416", "360305", "187103"];
    Tables::new(
        villages.chain([("1801012001".to_owned(), "elsewhere".to_owned())]).collect(),
        districts.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect(),
        elsewhere.map(str::to_owned).to_vec(),
    )
}

fn make(world: &World) -> (Memory, Manifest) {
    let mut memory = Memory::default();
    let manifest = simulate(world, &tables(), &mut memory).expect("the world can be made");
    (memory, manifest)
}

/// A world of 6,000 persons that several tests read.
fn world_2020() -> &'static (Memory, Manifest) {
    static WORLD: OnceLock<(Memory, Manifest)> = OnceLock::new();
    WORLD.get_or_init(|| make(&World::new(7, 6000, "3201")))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let world = World::new(5, 400, "3201");
    assert_eq!(make(&world), make(&world));
    let other = make(&World { seed: 6, ..world });
    assert_ne!(make(&World::new(5, 400, "3201")).0.rows, other.0.rows);
}

#[test]
fn a_larger_world_begins_with_the_smaller_one() {
    let (small, _) = make(&World::new(5, 300, "3201"));
    let (large, _) = make(&World::new(5, 900, "3201"));
    assert_eq!(small.persons, large.persons[..small.persons.len()]);
    assert_eq!(small.truth, large.truth[..small.truth.len()]);
}

#[test]
fn impossible_worlds_are_refused() {
    let refused = |world: World| {
        simulate(&world, &tables(), &mut Memory::default()).map(|_| ()).map_err(|error| error.to_string())
    };
    for (world, message) in [
        (World::new(1, 0, "3201"), "a world has 1 to"),
        (World::new(1, MAX_PERSONS + 1, "3201"), "a world has 1 to"),
        (World::new(1, 10, "9999"), "no village of region 9999"),
        (World::new(1, 20_000_000, "1801"), "too many for 1 districts"),
    ] {
        let error = refused(world).expect_err(message);
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn keys_numbers_and_persons_are_unique() {
    let (memory, manifest) = world_2020();
    let mut keys = BTreeSet::new();
    for (feed, line) in &memory.rows {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        assert!(keys.insert((*feed, row["id_sumber"].to_string())), "{feed} {} twice", row["id_sumber"]);
    }
    let niks: BTreeSet<&str> = memory.persons.iter().map(|person| person.nik.as_str()).collect();
    let ids: BTreeSet<&str> = memory.persons.iter().map(|person| person.person_id.as_str()).collect();
    assert_eq!((niks.len(), ids.len()), (memory.persons.len(), memory.persons.len()));
    let cards: HashMap<&str, &str> = memory.persons.iter().map(|p| (p.no_kk.as_str(), p.family_id.as_str())).collect();
    assert_eq!(cards.len() as u64, manifest.families);
}

#[test]
fn niks_stay_unique_when_the_serials_get_tight() {
    let tables =
        Tables::new(vec![("3201052001".to_owned(), "Cijayanti".to_owned())], Vec::new(), vec!["327103".to_owned()]);
    let mut memory = Memory::default();
    simulate(&World::new(9, 40_000, "3201"), &tables, &mut memory).expect("the world can be made");
    let mut seen = BTreeSet::new();
    for person in &memory.persons {
        assert!(seen.insert(person.nik.as_str()), "a NIK twice in {}", person.family_id);
    }
}

#[test]
fn true_numbers_say_what_is_true() {
    let (memory, _) = world_2020();
    let as_of = Date::constant(2025, 11, 20);
    let mut like_a_counter = 0;
    for person in &memory.persons {
        let read = crate::domain::nik::read_nik(&person.nik, as_of, Regions::embedded());
        // Born on the 10th or the 20th of a month of 2000: reads like a village's code with a counter behind it.
        if read.flags.contains(&crate::domain::flag::FlagCode::Placeholder) {
            like_a_counter += 1;
            continue;
        }
        assert!(read.births.contains(&person.tanggal_lahir), "{person:?}");
        assert_eq!(read.sex.map(crate::domain::sex::Sex::code), Some(person.jenis_kelamin), "{person:?}");
        let card = crate::domain::family_card::read_kk(&person.no_kk, as_of);
        assert_eq!(card.flags, [], "{person:?}");
    }
    assert!(like_a_counter * 500 <= memory.persons.len(), "{like_a_counter}");
    let natives = memory.persons.iter().filter(|person| person.nik[..6] == person.kode_desa[..6]).count();
    let share = natives as f64 / memory.persons.len() as f64;
    assert!((0.75..0.9).contains(&share), "{share}");
}

#[test]
fn truth_and_rows_name_each_other() {
    let (memory, manifest) = world_2020();
    let truth: BTreeSet<(Feed, &str)> = memory.truth.iter().map(|t| (t.feed, t.id_sumber.as_str())).collect();
    assert_eq!(truth.len(), memory.truth.len());
    let mut persons = 0;
    for (feed, line) in memory.rows.iter().filter(|(feed, _)| feed.describes_person()) {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        assert!(truth.contains(&(*feed, row["id_sumber"].as_str().expect("a key"))));
        persons += 1;
    }
    assert_eq!((persons, manifest.rows_person), (memory.truth.len(), memory.truth.len() as u64));
    let mut rows_of: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &memory.truth {
        *rows_of.entry(&row.person_id).or_default() += 1;
    }
    assert_eq!(manifest.true_pairs, rows_of.values().map(|n| n * (n - 1) / 2).sum::<u64>());
    assert_eq!(manifest.rows_per_person.values().sum::<u64>(), manifest.persons);
    assert_eq!(manifest.aturan.values().sum::<u64>(), memory.findings.len() as u64);
}

/// Shares of rows of a feed: without NIK, with another than the true one, with another birth date, with another name.
fn damage(memory: &Memory, feed: Feed) -> [f64; 4] {
    let person_of = memory.person_of();
    let rows = memory.parsed(feed);
    let mut counts = [0.0; 4];
    for row in &rows {
        let person = person_of[&(feed, row["id_sumber"].as_str().expect("a key"))];
        let nik = row["nik"].as_str().filter(|nik| nik.len() > 1);
        let name = row["nama"].as_str().map(str::to_uppercase);
        let day = row["tanggal_lahir"].as_str();
        let found = [
            nik.is_none(),
            nik.is_some_and(|nik| nik != person.nik),
            day.is_some_and(|day| day != person.tanggal_lahir.to_string()),
            name.is_some_and(|name| name != person.nama),
        ];
        for (count, found) in counts.iter_mut().zip(found) {
            *count += f64::from(u8::from(found));
        }
    }
    counts.map(|count| count / rows.len() as f64)
}

#[test]
fn damage_follows_the_profile() {
    let registry = damage(&world_2020().0, Feed::AnggotaKeluarga);
    for (share, (least, most)) in registry.iter().zip([(0.12, 0.19), (0.11, 0.20), (0.03, 0.06), (0.17, 0.30)]) {
        assert!((least..most).contains(share), "{registry:?}");
    }
    let insurance = damage(&world_2020().0, Feed::KepesertaanJkn);
    assert!(insurance[0] < registry[0] && insurance[1] < registry[1], "{insurance:?}");
    let of = |profile| damage(&make(&World { profile, ..World::new(7, 3000, "3201") }).0, Feed::AnggotaKeluarga);
    let clean = of(Profile::Clean);
    // The second NIK of a planted O03 is the only number that is not the first.
    assert!(clean[1] < 0.01 && clean[0] + clean[2] + clean[3] <= 0.0, "{clean:?}");
    let (recent, hard) = (of(Profile::Y2024), of(Profile::Hard));
    assert!(recent[0] < 0.02 && recent[1] < 0.03, "{recent:?}");
    assert!(hard.iter().zip(registry).all(|(hard, usual)| *hard > usual), "{hard:?}");
}

#[test]
fn every_cause_of_the_handbook_occurs() {
    let (memory, _) = world_2020();
    let person_of = memory.person_of();
    let mut relations = BTreeSet::new();
    let (mut heads, mut swapped, mut placeholders, mut newborns, mut cut, mut second) = (0, 0, 0, 0, 0, 0);
    let owner: HashMap<&str, &PersonRow> = memory.persons.iter().map(|p| (p.nik.as_str(), p)).collect();
    for feed in Feed::ALL.into_iter().filter(|feed| feed.describes_person()) {
        for row in memory.parsed(feed) {
            let person = person_of[&(feed, row["id_sumber"].as_str().expect("a key"))];
            let nik = row["nik"].as_str().unwrap_or_default();
            relations.insert(nik_relation(nik, &person.nik));
            let other = owner.get(nik).filter(|other| other.person_id != person.person_id);
            heads += u32::from(other.is_some_and(|other| other.family_id == person.family_id));
            swapped += u32::from(!nik.is_empty() && row["no_kk"].as_str() == Some(nik));
            placeholders += u32::from(nik == "1234567890123456");
            newborns += u32::from(row["nama"].as_str().is_some_and(|name| name.to_uppercase().starts_with("BY NY ")));
            let name = row["nama"].as_str().unwrap_or_default();
            cut += u32::from(
                feed == Feed::Rekening && name.len() == 20 && person.nama.len() > 20 && person.nama.starts_with(name),
            );
            let elsewhere = nik.len() == 16 && nik[6..12] == person.nik[6..12] && nik[..6] != person.nik[..6];
            second += u32::from(elsewhere && nik[12..] != person.nik[12..]);
        }
    }
    for relation in [NikRelation::Transpose, NikRelation::DdmmSwap, NikRelation::Sub1, NikRelation::RegionDiff] {
        assert!(relations.contains(&relation), "{relation:?} does not occur");
    }
    let counts = [heads, swapped, placeholders, newborns, cut, second];
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}

#[test]
fn twins_share_birth_and_mother_and_differ_by_one() {
    let (memory, manifest) = world_2020();
    let by_id: HashMap<&str, &PersonRow> = memory.persons.iter().map(|p| (p.person_id.as_str(), p)).collect();
    let mut near = 0;
    for person in memory.persons.iter().filter(|person| person.kembar_dengan.is_some()) {
        let twin = by_id[person.kembar_dengan.as_deref().expect("a twin")];
        assert_eq!(twin.kembar_dengan.as_deref(), Some(person.person_id.as_str()));
        assert_eq!((twin.tanggal_lahir, &twin.nama_ibu_kandung), (person.tanggal_lahir, &person.nama_ibu_kandung));
        assert_ne!(twin.nama, person.nama);
        near += u32::from(nik_relation(&twin.nik, &person.nik) == NikRelation::Sub1Serial);
    }
    assert!(manifest.statistik["pasangan_kembar"] >= 8 && near >= 6, "{near}");
}

#[test]
fn names_repeat_as_they_do_in_a_village() {
    let (memory, manifest) = world_2020();
    let persons = memory.persons.len() as f64;
    let single = memory.persons.iter().filter(|person| !person.nama.contains(' ')).count() as f64 / persons;
    assert!((0.22..0.36).contains(&single), "{single}");
    let mut names: HashMap<&str, u32> = HashMap::new();
    for person in &memory.persons {
        *names.entry(&person.nama).or_default() += 1;
    }
    let variety = names.len() as f64 / persons;
    assert!((0.6..0.85).contains(&variety), "{variety}");
    assert!(names.values().max().is_some_and(|most| (15..80).contains(most)));
    let planted = manifest.statistik["orang_homonim_ditanam"] as f64 / persons;
    assert!((0.07..0.13).contains(&planted), "{planted}");
    let by_id: HashMap<&str, &PersonRow> = memory.persons.iter().map(|p| (p.person_id.as_str(), p)).collect();
    for person in memory.persons.iter().filter(|person| person.homonim.is_some()) {
        let namesake = by_id[person.homonim.as_deref().expect("a namesake")];
        assert_eq!((&namesake.nama, namesake.jenis_kelamin), (&person.nama, person.jenis_kelamin));
        assert!((namesake.tanggal_lahir.year() - person.tanggal_lahir.year()).abs() <= 1);
        assert_ne!(namesake.family_id, person.family_id);
    }
}

#[test]
fn people_who_know_only_their_year_have_placeholder_days() {
    let (memory, _) = world_2020();
    let on = |month: i8, day: i8| {
        memory.persons.iter().filter(move |p| (p.tanggal_lahir.month(), p.tanggal_lahir.day()) == (month, day))
    };
    assert!(on(7, 1).count() > 30 && on(12, 31).count() > 8);
    assert!(on(7, 1).all(|person| person.nik[12..].parse::<u32>().is_ok_and(|serial| serial > 100)));
}

#[test]
fn confirmed_rows_mostly_have_the_true_nik() {
    let (memory, _) = world_2020();
    let person_of = memory.person_of();
    let (mut right, mut wrong) = (0, 0);
    for row in memory.parsed(Feed::AnggotaKeluarga).iter().filter(|row| row["status_padan_dukcapil"] == "PADAN") {
        let person = person_of[&(Feed::AnggotaKeluarga, row["id_sumber"].as_str().expect("a key"))];
        *(if row["nik"] == person.nik.as_str() { &mut right } else { &mut wrong }) += 1;
    }
    assert!(right > 1500 && wrong * 20 < right, "{right} {wrong}");
}

#[test]
fn rows_do_not_come_in_family_order() {
    let (memory, _) = world_2020();
    let order: HashMap<&str, usize> =
        memory.truth.iter().enumerate().map(|(at, truth)| (truth.id_sumber.as_str(), at)).collect();
    let rows = memory.parsed(Feed::AnggotaKeluarga);
    let places: Vec<usize> = rows.iter().map(|row| order[row["id_sumber"].as_str().expect("a key")]).collect();
    let near = places.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 20).count();
    assert!(near * 20 < places.len(), "{near} of {}", places.len());
}

#[test]
fn open_feeds_are_not_closed_and_bank_rows_are_missing_there() {
    let (memory, manifest) = world_2020();
    let bank = &manifest.kecamatan_bank_belum_disampaikan[0];
    let services = &manifest.kecamatan_kia_belum_ditutup[0];
    let closed = |feed, code: &str| {
        memory.closed.iter().filter(|entry| entry.feed == feed && entry.kode_wilayah == code).count()
    };
    for feed in Feed::ALL {
        let in_bank = if matches!(feed, Feed::Rekening | Feed::Penyaluran) { 0 } else { 2 };
        let in_services = if feed == Feed::LayananKia { 0 } else { 2 };
        assert_eq!((closed(feed, bank), closed(feed, services)), (in_bank, in_services), "{feed}");
    }
    let person_of = memory.person_of();
    let there = memory.parsed(Feed::Rekening).iter().any(|row| {
        person_of[&(Feed::Rekening, row["id_sumber"].as_str().expect("a key"))].kode_desa.starts_with(bank.as_str())
    });
    assert!(!there);
    for finding in memory.found("G05") {
        let open = finding.kode_kecamatan == *bank;
        assert_eq!(finding.status_harapan == Expected::NotAssessable, open, "{finding:?}");
    }
}

#[test]
fn every_rule_has_cases_and_none_is_about_the_dead_or_the_unknown() {
    let (memory, _) = make(&World::new(7, 12_000, "3201"));
    let persons: HashMap<&str, &PersonRow> = memory.persons.iter().map(|p| (p.person_id.as_str(), p)).collect();
    for rule in RULES {
        assert!(!memory.found(rule).is_empty(), "{rule} has no case");
    }
    for finding in &memory.findings {
        let person = finding.person_id.as_deref().map(|id| persons[id]);
        assert!(person.is_none_or(|person| person.family_id == finding.family_id), "{finding:?}");
        let dead = person.is_some_and(|person| person.meninggal.is_some());
        assert!(!finding.rule_id.starts_with('G') || !dead, "{finding:?}");
        assert_eq!(finding.csv().split(',').count(), 8, "{finding:?}");
    }
}

/// Reads the rules again from the rows alone, the simple way, for the families of one world.
#[test]
fn the_truth_of_the_rules_follows_from_the_rows() {
    let (memory, _) = world_2020();
    let person_of = memory.person_of();
    let with = |feed: Feed, keep: fn(&Value) -> bool| -> BTreeSet<&str> {
        let rows = memory.parsed(feed);
        let keys: Vec<String> = rows
            .iter()
            .filter(|row| keep(row))
            .map(|row| row["id_sumber"].as_str().expect("a key").to_owned())
            .collect();
        keys.iter().map(|key| person_of[&(feed, key.as_str())].person_id.as_str()).collect()
    };
    let pkh = with(Feed::AnggotaKeluarga, |row| {
        row["program"].as_array().is_some_and(|list| list.iter().any(|p| p["kode"] == "PKH" && p["status"] == "AKTIF"))
    });
    let dead_jkn = with(Feed::KepesertaanJkn, |row| !row["tgl_meninggal"].is_null());
    let dead_registry = with(Feed::AnggotaKeluarga, |row| !row["tgl_meninggal"].is_null());
    let insured = with(Feed::KepesertaanJkn, |row| {
        row["status_jkn"] == "AKTIF" && ["PBI_APBN", "PBI_APBD", "PPU"].iter().any(|segment| row["segmen"] == *segment)
    });
    let pupils = with(Feed::PesertaDidik, |row| row["status_siswa"] == "AKTIF");
    let living = |id: &&str| !dead_jkn.contains(id) && !dead_registry.contains(id);
    let uninsured: BTreeSet<&str> = pkh.iter().copied().filter(|id| living(id) && !insured.contains(id)).collect();
    let as_of = Date::constant(2025, 11, 20);
    let birth: HashMap<&str, Date> = memory.persons.iter().map(|p| (p.person_id.as_str(), p.tanggal_lahir)).collect();
    let of_age = |id: &&str| (7..=18).contains(&age_on(birth[*id], as_of));
    let absent: BTreeSet<&str> =
        pkh.iter().copied().filter(|id| living(id) && of_age(id) && !pupils.contains(id)).collect();
    let told = |rule: &str| -> BTreeSet<&str> {
        memory.found(rule).into_iter().filter_map(|finding| finding.person_id.as_deref()).collect()
    };
    assert_eq!(told("G01"), uninsured);
    assert_eq!(told("G03"), absent);
}
