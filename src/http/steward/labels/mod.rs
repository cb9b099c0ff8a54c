//! Codes in words. A code that has no words yet is shown as it is: nothing is hidden because a table is old.

mod words;

use serde_json::Value;

use self::words::{
    ALARMS, COMPARISONS, FEEDS, FIELDS, HISTORY, LEVELS, NOTES, REASONS, VALUES, VETO_TEXTS, VETOES, Words,
};
use super::format;
use super::layout::Lang;
use crate::domain::case::Question;
use crate::domain::case::VetoLine;
use crate::domain::date::parse_date;
use crate::domain::feed::Feed;
use crate::domain::finding::{Outcome, RuleSeverity, Scope, Subject};
use crate::domain::money::Rupiah;

fn look_up(words: Words, code: &str, lang: Lang) -> Option<&'static str> {
    words.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(code)).map(|(_, id, en)| lang.pick(*id, *en))
}

/// A code without words, made readable.
fn plain(code: &str) -> String {
    code.replace('_', " ")
}

/// The label of a field.
pub(super) fn field(name: &str, lang: Lang) -> String {
    look_up(FIELDS, name, lang).map_or_else(|| plain(name), str::to_owned)
}

/// The label of a comparison.
pub(super) fn comparison(name: &str, lang: Lang) -> String {
    look_up(COMPARISONS, name, lang).or_else(|| look_up(FIELDS, name, lang)).map_or_else(|| plain(name), str::to_owned)
}

/// The label of a level of a comparison.
pub(super) fn level(comparison: &str, name: &str, lang: Lang) -> String {
    let own = look_up(LEVELS, &format!("{comparison}.{name}"), lang);
    own.or_else(|| look_up(LEVELS, name, lang)).map_or_else(|| plain(name), str::to_owned)
}

/// The short name of a feed.
pub(super) fn feed(feed: Feed, lang: Lang) -> &'static str {
    look_up(FEEDS, feed.name(), lang).unwrap_or(feed.name())
}

/// A code of a feed's list in words; what is not in a list is left alone.
pub(super) fn code(field: &str, code: &str, lang: Lang) -> String {
    let own = look_up(VALUES, &format!("{field}.{code}"), lang);
    own.or_else(|| look_up(VALUES, code, lang)).map_or_else(|| code.to_owned(), str::to_owned)
}

/// The note of a finding in words: `pip_status=TIDAK;madrasah_possible`.
pub(super) fn note(note: &str, lang: Lang) -> String {
    let parts = note.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| note_part(part, lang)).collect::<Vec<_>>().join("; ")
}

fn note_part(part: &str, lang: Lang) -> String {
    if let Some((name, value)) = part.split_once('=') {
        return format!("{}: {}", field(name, lang), code(name, value, lang));
    }
    let word = |name: &str| look_up(NOTES, name, lang).map_or_else(|| plain(name), str::to_owned);
    let named = |name: &str| {
        let feed = look_up(FEEDS, name, lang);
        feed.or_else(|| look_up(FIELDS, name, lang)).map_or_else(|| code("", name, lang), str::to_owned)
    };
    match part.split_once(':') {
        Some((what @ ("feed_open" | "stale"), about)) => format!("{}: {}", named(about), word(what)),
        Some((what, about)) => format!("{} {}", word(what), named(about)),
        None if part.contains('+') => part.split('+').map(named).collect::<Vec<_>>().join(" + "),
        None => word(part),
    }
}

/// The label of a reason or veto: `V1 · Diduga kembar`. What comes with a label of its own keeps it.
pub(super) fn reason(code: &str, lang: Lang) -> String {
    let id = code.split([':', ' ']).next().unwrap_or(code);
    let detail = code.split_once(':').map(|(_, detail)| detail);
    match look_up(REASONS, id, lang).or_else(|| look_up(VETOES, id, lang)) {
        Some(words) if id == "BRIDGE" => detail.map_or_else(|| words.to_owned(), |third| format!("{words}: {third}")),
        Some(words) if id.len() <= 3 => format!("{id} · {words}"),
        Some(words) => words.to_owned(),
        None => plain(code),
    }
}

/// A veto that holds: `V3 · NIK anggota keluarga lain? Tanggal lahir dan nama berbeda`.
pub(super) fn veto(veto: &VetoLine, lang: Lang) -> String {
    let english = VETO_TEXTS.iter().find(|(about, _)| *about == veto.about).map(|(_, english)| *english);
    let about = lang.pick(veto.about.as_str(), english.unwrap_or(&veto.about));
    if about.is_empty() { reason(&veto.id, lang) } else { format!("{} · {about}", veto.id) }
}

/// The reasons that the queue can be filtered by.
pub(super) fn reasons(lang: Lang) -> Vec<(&'static str, String)> {
    REASONS.iter().map(|(code, _, _)| (*code, reason(code, lang))).collect()
}

/// The label of something that happened.
pub(super) fn happened(what: &str, lang: Lang) -> String {
    look_up(HISTORY, what, lang).map_or_else(|| plain(what), str::to_owned)
}

/// The label of an alarm about a batch.
pub(super) fn alarm(code: &str, lang: Lang) -> String {
    look_up(ALARMS, code, lang).map_or_else(|| plain(code), str::to_owned)
}

/// The question of a case.
pub(super) fn question(question: Question, lang: Lang) -> &'static str {
    match question {
        Question::SamePerson => lang.pick("Orang yang sama?", "Same person?"),
        Question::SharedNik => lang.pick("Satu NIK, beberapa orang?", "One NIK, several persons?"),
        Question::Statement => lang.pick("Keterangan satu instansi: benar?", "One agency says so: is it right?"),
        Question::Crowd => lang.pick("Banyak orang saling mirip", "Many persons resemble each other"),
        Question::OverLinked => lang.pick("Kelompok data ini satu orang?", "Is this group one person?"),
    }
}

/// The label of an outcome.
pub(super) fn outcome(outcome: Outcome, lang: Lang) -> &'static str {
    let english = match outcome {
        Outcome::Menerima => "Served",
        Outcome::BelumMenerima => "Not yet served",
        Outcome::TumpangTindih => "Overlap",
        Outcome::BelumDapatDinilai => "Cannot be assessed yet",
    };
    lang.pick(outcome.label(), english)
}

/// The CSS class of an outcome's chip.
pub(super) fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Menerima => "good",
        Outcome::BelumMenerima => "gap",
        Outcome::TumpangTindih => "bad",
        Outcome::BelumDapatDinilai => "open",
    }
}

/// The label of a severity.
pub(super) fn severity(severity: RuleSeverity, lang: Lang) -> &'static str {
    match severity {
        RuleSeverity::Low => lang.pick("rendah", "low"),
        RuleSeverity::Medium => lang.pick("sedang", "medium"),
        RuleSeverity::High => lang.pick("tinggi", "high"),
        RuleSeverity::Critical => lang.pick("kritis", "critical"),
    }
}

/// What a rule counts.
pub(super) fn scope(scope: Scope, lang: Lang) -> &'static str {
    match scope {
        Scope::Person => lang.pick("orang", "persons"),
        Scope::Family => lang.pick("keluarga", "families"),
        Scope::Account => lang.pick("rekening", "accounts"),
    }
}

/// What a finding is about.
pub(super) fn subject_kind(subject: &Subject, lang: Lang) -> &'static str {
    match subject {
        Subject::Person(_) => lang.pick("Orang", "Person"),
        Subject::Family(_) => lang.pick("Keluarga", "Family"),
        Subject::Account(_) => lang.pick("Rekening", "Account"),
    }
}

/// A value of a row's field, as people read it.
pub(super) fn value(field: &str, value: &Value, lang: Lang) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => code(field, if *truth { "true" } else { "false" }, lang),
        Value::Number(number) => match (field, number.as_i64()) {
            ("nominal" | "pip_nominal", Some(amount)) => rupiah(amount),
            (_, Some(whole)) => code(field, &whole.to_string(), lang),
            _ => number.to_string().replace('.', lang.pick(",", ".")),
        },
        Value::String(text) => readable(field, text, lang),
        Value::Array(items) => items.iter().map(|item| self::value(field, item, lang)).collect::<Vec<_>>().join("; "),
        Value::Object(parts) => {
            let filled = parts.iter().filter(|(_, part)| !part.is_null());
            filled.map(|(name, part)| self::value(name, part, lang)).collect::<Vec<_>>().join(" ")
        }
    }
}

/// Days and periods as words, regions by name, codes in words; a name or an address stays as it was sent.
fn readable(field: &str, text: &str, lang: Lang) -> String {
    match field {
        "nama" | "alamat" | "tempat_lahir" | "nama_ayah" | "nama_ibu_kandung" | "nama_pendamping" | "nama_sekolah" => {
            text.to_owned()
        }
        "kode_desa" | "kode_kecamatan" => super::decoded::region_name(text),
        "periode" => text.parse().map_or_else(|_| text.to_owned(), |period| format::period(period, lang)),
        _ if field.starts_with("tgl_") || matches!(field, "tanggal_lahir" | "hpht" | "hpl") => {
            parse_date(text).map_or_else(|_| text.to_owned(), |day| format::date(day, lang))
        }
        _ => code(field, text, lang),
    }
}

/// Why a value was chosen for the golden record.
pub(super) fn survivorship(rule: &str, lang: Lang) -> String {
    match rule.split_once(':') {
        Some(("newest", whose)) => format!("{} {}", lang.pick("terbaru dari", "newest of"), plain(whose)),
        _ if rule == "newest" => lang.pick("terbaru", "newest").to_owned(),
        _ if rule.starts_with("dukcapil") => lang.pick("padan Dukcapil", "matched with Dukcapil").to_owned(),
        _ => plain(rule),
    }
}

/// An amount of money.
pub(super) fn rupiah(amount: i64) -> String {
    Rupiah(amount).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_words_and_unknown_ones_stay_visible() {
        for (shown, expected) in [
            (field("tanggal_lahir", Lang::Indonesian), "Tanggal lahir"),
            (field("nama_panggilan", Lang::Indonesian), "nama panggilan"),
            (comparison("nik", Lang::English), "NIK"),
            (comparison("nama_ibu", Lang::Indonesian), "Nama ibu kandung"),
            (level("nik", "near", Lang::English), "one digit off or two swapped"),
            (level("nama", "near", Lang::English), "near"),
            (level("nama", "new_level", Lang::English), "new level"),
            (reason("V1", Lang::Indonesian), "V1 · Diduga kembar"),
            (reason("V1: same KK and birth date", Lang::Indonesian), "V1 · Diduga kembar"),
            (reason("V3", Lang::English), "V3 · The same NIK on somebody else?"),
            (reason("REVIEW_BAND", Lang::Indonesian), "Skor di antara kedua ambang"),
            (survivorship("newest:DINSOS", Lang::Indonesian), "terbaru dari DINSOS"),
            (survivorship("dukcapil", Lang::English), "matched with Dukcapil"),
            (survivorship("another_rule", Lang::English), "another rule"),
            (reason("NEW_REASON", Lang::Indonesian), "NEW REASON"),
            (note("pip_status=TIDAK", Lang::Indonesian), "Status PIP: tidak"),
            (note("no_row;madrasah_possible", Lang::Indonesian), "tidak ada barisnya; mungkin di madrasah"),
            (note("feed_open:bank-rekening", Lang::Indonesian), "Rekening: belum dinyatakan lengkap"),
            (note("no_programme:SEMBAKO", Lang::Indonesian), "tanpa program Sembako"),
            (note("stale:tgl_ukur", Lang::English), "Last weighing: too old"),
            (note("PKH+BLT_DD", Lang::Indonesian), "PKH + BLT Desa"),
            (note("new_note", Lang::Indonesian), "new note"),
        ] {
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn values_are_read_by_people() {
        let programmes = serde_json::json!([{"kode": "PKH", "status": "AKTIF", "periode": "2025-T4"}]);
        for (field, json, expected) in [
            ("program", programmes, "PKH aktif Triwulan IV 2025"),
            ("kks_diserahkan", true.into(), "ya"),
            ("hubungan_keluarga", 4.into(), "anak"),
            ("desil", 4.into(), "4"),
            ("berat_kg", 17.6.into(), "17,6"),
            ("pip_nominal", 450_000.into(), "Rp450.000"),
            ("tgl_ukur", "2025-10-21".into(), "21 Oktober 2025"),
            ("kode_desa", "3201011001".into(), "Pondok Rajeg"),
            ("nama", "P".into(), "P"),
            ("komponen_pkh", serde_json::json!(["BUMIL", "SD"]), "ibu hamil; SD"),
        ] {
            assert_eq!(value(field, &json, Lang::Indonesian), expected, "{field}");
        }
    }

    #[test]
    fn everything_that_model_rules_and_feeds_name_has_words() {
        let model: toml::Table = toml::from_str(include_str!("../../../../config/model/indonesia.toml")).expect("TOML");
        let list = |table: &toml::Table, name: &str| table[name].as_array().expect("a list").clone();
        let text = |value: &toml::Value, name: &str| value[name].as_str().expect("a text").to_owned();
        let mut missing = Vec::new();
        let mut ask = |found: bool, what: String| {
            if !found {
                missing.push(what);
            }
        };
        for item in list(&model, "comparison") {
            let name = text(&item, "name");
            ask(knows(COMPARISONS, &name) || knows(FIELDS, &name), name.clone());
            for one in item["levels"].as_array().expect("levels") {
                let label = text(one, "label");
                ask(knows(LEVELS, &format!("{name}.{label}")) || knows(LEVELS, &label), format!("{name}.{label}"));
            }
        }
        for veto in list(&model, "veto") {
            let id = text(&veto, "id");
            ask(knows(REASONS, &id) || knows(VETOES, &id), id);
            let about = text(&veto, "about");
            ask(VETO_TEXTS.iter().any(|(known, _)| *known == about), about);
        }
        for feed in Feed::ALL {
            ask(knows(FEEDS, feed.name()), feed.name().to_owned());
            let schema: Value = serde_json::from_str(crate::feed::schema_text(feed)).expect("JSON");
            for name in schema["properties"].as_object().expect("properties").keys() {
                let head = ["id_sumber", "tgl_data", "hapus"].contains(&name.as_str());
                ask(head || knows(FIELDS, name), name.clone());
            }
        }
        for rules in [
            include_str!("../../../../config/rules/gaps.toml"),
            include_str!("../../../../config/rules/overlaps.toml"),
            include_str!("../../../../config/rules/quality.toml"),
        ] {
            let rules: toml::Table = toml::from_str(rules).expect("TOML");
            for rule in list(&rules, "rule") {
                let notes = ["text", "none"].into_iter().filter_map(|key| rule["note"].get(key)?.as_str());
                for part in notes.flat_map(|note| note.split(';')).filter(|part| !part.contains('+')) {
                    let word = part.split(':').next().unwrap_or(part);
                    ask(knows(NOTES, word), word.to_owned());
                }
            }
        }
        assert!(missing.is_empty(), "without words: {missing:?}");
    }

    fn knows(words: Words, code: &str) -> bool {
        look_up(words, code, Lang::Indonesian).is_some()
    }

    #[test]
    fn no_code_stands_twice_in_a_table() {
        for table in [FIELDS, VALUES, FEEDS, COMPARISONS, LEVELS, REASONS, VETOES, NOTES, ALARMS, HISTORY] {
            let mut seen = std::collections::BTreeSet::new();
            for (code, _, _) in table {
                assert!(seen.insert(code), "{code} twice");
            }
        }
    }
}
