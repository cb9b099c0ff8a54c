//! Value rules: doubts about what a well-shaped row says (DOMAIN 1). They flag, they never refuse.

use super::row::{Context, ParsedRow};
use crate::domain::date::Date;
use crate::domain::family_card::read_kk;
use crate::domain::flag::{Flag, FlagCode};
use crate::domain::identifier::{IdentifierKind, read_identifier};
use crate::domain::nik::{NikReading, read_nik};
use crate::domain::number::is_scientific;
use crate::domain::region::{RegionStatus, Regions};
use crate::domain::row::{Detail, LayananKia, PersonCore, PesertaDidik};
use crate::domain::sign::steers;

/// No list in Indonesia is older.
const FIRST_DAY: Date = Date::constant(1945, 8, 17);

/// What the value rules found.
pub(super) struct Doubts {
    /// In the order of the rules.
    pub(super) flags: Vec<Flag>,
    /// What its NIK was read as.
    pub(super) nik: Option<NikReading>,
}

/// Judges a row. A withdrawn row says nothing about a person any more and is judged by its as-of date only.
pub(super) fn doubts(row: &ParsedRow, context: Context) -> Doubts {
    let mut found = Found { flags: Vec::new() };
    if row.tgl_data > context.today {
        found.add("/tgl_data", FlagCode::AsOfFuture);
    }
    if row.tgl_data < FIRST_DAY {
        found.add("/tgl_data", FlagCode::AsOfPast);
    }
    found.judge_signs("/id_sumber", Some(&row.id_sumber));
    if row.withdrawn {
        return Doubts { flags: found.flags, nik: None };
    }
    let nik = found.judge_numbers(&row.core, context);
    found.judge_birth(row.core.tanggal_lahir, context.today);
    found.judge_texts(&row.core);
    found.judge_name(row.core.nama.as_deref().unwrap_or_default());
    found.judge_regions(&row.core, context.regions);
    match &row.detail {
        Detail::Siswa(pupil) => found.judge_pupil(pupil, row.core.tanggal_lahir, context),
        Detail::Kia(service) => found.judge_service(service, context),
        Detail::Jkn(member) => found.judge_identifier("/no_jkn", IdentifierKind::Jkn, &member.no_jkn, context),
        Detail::Anggota(member) => {
            if let Some(number) = member.no_peserta_pkh.as_deref() {
                found.judge_identifier("/no_peserta_pkh", IdentifierKind::Pkh, number, context);
            }
        }
        Detail::Rekening(row) => found.judge_account(&row.kode_bank, &row.no_rekening, context),
        Detail::Penyaluran(row) => found.judge_account(&row.kode_bank, &row.no_rekening, context),
    }
    if row.core.no_hp.as_deref().is_some_and(|number| is_scientific(number.trim())) {
        found.add("/no_hp", FlagCode::ExcelScientific);
    }
    Doubts { flags: found.flags, nik }
}

struct Found {
    flags: Vec<Flag>,
}

impl Found {
    fn add(&mut self, pointer: &str, code: FlagCode) {
        self.flags.push(Flag { pointer: pointer.to_owned(), code });
    }

    fn add_all(&mut self, pointer: &str, codes: &[FlagCode]) {
        for code in codes {
            self.add(pointer, *code);
        }
    }

    fn judge_numbers(&mut self, core: &PersonCore, context: Context) -> Option<NikReading> {
        let nik = core.nik.as_deref().map(|raw| read_nik(raw, context.today, context.regions));
        let kk = core.no_kk.as_deref().map(|raw| read_kk(raw, context.today));
        if let Some(nik) = &nik {
            self.add_all("/nik", &nik.flags);
            let (sex, births) = nik.says();
            if let (Some(said), Some(coded)) = (core.jenis_kelamin, sex)
                && said != coded
            {
                self.add("/jenis_kelamin", FlagCode::SexMismatch);
            }
            let mismatch = core.tanggal_lahir.and_then(|born| birth_mismatch(born, births));
            self.flags.extend(mismatch.map(|code| Flag { pointer: "/tanggal_lahir".to_owned(), code }));
        }
        if let Some(kk) = &kk {
            self.add_all("/no_kk", &kk.flags);
        }
        let card = kk.as_ref().and_then(|kk| kk.text.as_deref());
        if card.is_some() && nik.as_ref().and_then(NikReading::comparable) == card {
            self.add("/no_kk", FlagCode::NikEqualsKk);
        }
        nik
    }

    fn judge_birth(&mut self, born: Option<Date>, today: Date) {
        let Some(born) = born else { return };
        if born > today {
            self.add("/tanggal_lahir", FlagCode::DobFuture);
        } else if (born.year() + 120, born.month(), born.day()) < (today.year(), today.month(), today.day()) {
            self.add("/tanggal_lahir", FlagCode::DobTooOld);
        }
    }

    /// A sign that steers what is shown is worth a word; the value stays as it is, and pages write it out.
    fn judge_signs(&mut self, pointer: &str, text: Option<&str>) {
        if text.is_some_and(|text| text.contains(steers)) {
            self.add(pointer, FlagCode::SteeringSign);
        }
    }

    fn judge_texts(&mut self, core: &PersonCore) {
        for (pointer, text) in [
            ("/nama", &core.nama),
            ("/nama_ibu_kandung", &core.nama_ibu_kandung),
            ("/tempat_lahir", &core.tempat_lahir),
            ("/alamat", &core.alamat),
        ] {
            self.judge_signs(pointer, text.as_deref());
        }
    }

    fn judge_name(&mut self, name: &str) {
        if name.chars().any(char::is_numeric) {
            self.add("/nama", FlagCode::NameHasDigit);
        }
        let upper = name.to_uppercase();
        let words: Vec<&str> = upper.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        if words.iter().any(|word| matches!(*word, "ALM" | "ALMH" | "ALMARHUM" | "ALMARHUMAH")) {
            self.add("/nama", FlagCode::DeceasedHint);
        }
        if matches!(words.as_slice(), ["BY" | "BAYI", "NY" | "NYONYA", ..]) {
            self.add("/nama", FlagCode::UnnamedNewborn);
        }
    }

    fn judge_regions(&mut self, core: &PersonCore, regions: &Regions) {
        for (pointer, code) in [("/kode_desa", &core.kode_desa), ("/kode_kecamatan", &core.kode_kecamatan)] {
            if let Some(code) = code.as_deref()
                && let Some(flag) = region_doubt(regions.status(code), regions.looks_like_bps(code))
            {
                self.add(pointer, flag);
            }
        }
    }

    /// Doubts about a number of `domain::identifier`. Blanks and dashes in it are worth no word, and neither is that it
    /// is empty; of a required number that is its shape.
    fn judge_identifier(&mut self, pointer: &str, kind: IdentifierKind, raw: &str, context: Context) {
        let read = read_identifier(kind, raw, context.today);
        let shape = match kind {
            IdentifierKind::Nisn => Some(FlagCode::NisnFormat),
            IdentifierKind::Npsn => Some(FlagCode::NpsnFormat),
            IdentifierKind::Jkn => Some(FlagCode::JknFormat),
            IdentifierKind::Bank | IdentifierKind::Account | IdentifierKind::Pkh => None,
        };
        // The contract has numbers without any signs, and a placeholder is a number that was not known.
        let repaired = read.text.as_deref().is_some_and(|text| text != raw);
        let empty = read.flags.contains(&FlagCode::Missing) && kind != IdentifierKind::Nisn;
        if let Some(shape) = shape.filter(|shape| (repaired || empty) && !read.flags.contains(shape)) {
            self.add(pointer, shape);
        }
        for flag in read.flags.iter().filter(|flag| !matches!(flag, FlagCode::Missing | FlagCode::Separators)) {
            self.add(pointer, *flag);
        }
    }

    fn judge_account(&mut self, bank: &str, number: &str, context: Context) {
        self.judge_identifier("/kode_bank", IdentifierKind::Bank, bank, context);
        self.judge_identifier("/no_rekening", IdentifierKind::Account, number, context);
    }

    fn judge_pupil(&mut self, pupil: &PesertaDidik, born: Option<Date>, context: Context) {
        if let Some(nisn) = pupil.nisn.as_deref() {
            self.judge_identifier("/nisn", IdentifierKind::Nisn, nisn, context);
            let year = |born: Date| format!("{:03}", born.year() % 1000);
            let full = read_identifier(IdentifierKind::Nisn, nisn, context.today).text.filter(|full| full == nisn);
            if full.is_some_and(|full| born.is_some_and(|born| full[..3] != year(born))) {
                self.add("/nisn", FlagCode::NisnYear);
            }
        }
        self.judge_identifier("/npsn", IdentifierKind::Npsn, &pupil.npsn, context);
        self.judge_relative("/nik_ayah", pupil.nik_ayah.as_deref(), context);
        self.judge_relative("/nik_ibu", pupil.nik_ibu.as_deref(), context);
        self.judge_relative("/nik_wali", pupil.nik_wali.as_deref(), context);
    }

    fn judge_service(&mut self, service: &LayananKia, context: Context) {
        self.judge_relative("/nik_ibu", service.nik_ibu.as_deref(), context);
    }

    /// The NIK of somebody else on the row. That it is empty is the common case and worth no word.
    fn judge_relative(&mut self, pointer: &str, raw: Option<&str>, context: Context) {
        let Some(raw) = raw else { return };
        let reading = read_nik(raw, context.today, context.regions);
        if reading.flags != [FlagCode::Missing] {
            self.add_all(pointer, &reading.flags);
        }
    }
}

/// How a recorded birth date differs from the ones a NIK can mean.
fn birth_mismatch(recorded: Date, coded: &[Date]) -> Option<FlagCode> {
    if coded.is_empty() || coded.contains(&recorded) {
        return None;
    }
    let swapped = Date::new(recorded.year(), recorded.day(), recorded.month());
    let same_day = |date: &Date| (date.month(), date.day()) == (recorded.month(), recorded.day());
    Some(if swapped.is_ok_and(|date| coded.contains(&date)) {
        FlagCode::DobMismatchSwap
    } else if coded.iter().any(same_day) {
        FlagCode::DobMismatchYear
    } else {
        FlagCode::DobMismatch
    })
}

/// What is odd about a region code, given what the tables say of it.
const fn region_doubt(status: Option<RegionStatus>, like_bps: bool) -> Option<FlagCode> {
    match status {
        Some(RegionStatus::Active) => None,
        Some(RegionStatus::Retired) => Some(FlagCode::RegionRetired),
        None if like_bps => Some(FlagCode::RegionBps),
        None => Some(FlagCode::RegionUnknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::feed::Feed;
    use crate::feed::Limits;
    use crate::feed::row::read_row;
    use Feed::{AnggotaKeluarga, KepesertaanJkn, LayananKia, PesertaDidik};

    const TODAY: Date = Date::constant(2025, 11, 20);

    /// `pointer CODE` of each flag of a row that has these fields and what its feed requires.
    fn flags(feed: Feed, fields: &str) -> Vec<String> {
        let required = match feed {
            Feed::AnggotaKeluarga => r#""id_keluarga":"K1""#,
            Feed::PesertaDidik => r#""jenjang":"SD","status_siswa":"AKTIF""#,
            Feed::KepesertaanJkn => r#""segmen":"PPU","status_jkn":"AKTIF""#,
            Feed::LayananKia => r#""jenis":"BALITA""#,
            Feed::Rekening | Feed::Penyaluran => unreachable!("no rules of their own"),
        };
        let name = if fields.contains("\"nama\"") { "" } else { r#","nama":"BUDI""# };
        let date = if fields.contains("\"tgl_data\"") { "" } else { r#","tgl_data":"2025-11-01""# };
        let id = if fields.contains("\"id_sumber\"") { "" } else { r#""id_sumber":"A1","# };
        let line = format!("{{{id}{required}{name}{date}{fields}}}");
        let row = read_row(feed, &Limits::default(), Context::on(TODAY), 1, line.as_bytes()).expect(fields).0;
        row.flags.iter().map(|flag| format!("{} {}", flag.pointer, flag.code.code())).collect()
    }

    /// Feed, further fields, flags that the row must have, and parts of flags that it must not have.
    const DOUBTS: &[(Feed, &str, &str, &str)] = &[
        (AnggotaKeluarga, "", "", "/nik,/no_kk,/tanggal_lahir,/nama"),
        (AnggotaKeluarga, r#","nik":null"#, "", "/nik"),
        (AnggotaKeluarga, r#","nik":"","no_kk":"-""#, "/nik MISSING,/no_kk MISSING", "KK_FORMAT,NON_DIGIT,SEPARATORS"),
        (
            AnggotaKeluarga,
            r#","nik":"'3201011207700001""#,
            "/nik EXCEL_APOSTROPHE",
            "/nik MISSING,/nik NON_DIGIT,/nik LEN_OTHER",
        ),
        (
            AnggotaKeluarga,
            r#","nik":"3.20101E+15""#,
            "/nik EXCEL_SCIENTIFIC",
            "/nik MISSING,/nik NON_DIGIT,/nik LEN_OTHER",
        ),
        (AnggotaKeluarga, r#","nik":"1111111111111111""#, "/nik PLACEHOLDER", ""),
        // A man's NIK of 12 July 1970.
        (
            AnggotaKeluarga,
            r#","nik":"3201011207700001","jenis_kelamin":"L","tanggal_lahir":"1970-07-12""#,
            "",
            "MISMATCH",
        ),
        (AnggotaKeluarga, r#","nik":"3201011207700001","jenis_kelamin":"P""#, "/jenis_kelamin SEX_MISMATCH", "DOB_"),
        (AnggotaKeluarga, r#","nik":"3201015207700001","jenis_kelamin":"L""#, "/jenis_kelamin SEX_MISMATCH", "DOB_"),
        (
            AnggotaKeluarga,
            r#","nik":"3201011207700001","tanggal_lahir":"1970-12-07""#,
            "/tanggal_lahir DOB_MISMATCH_DDMM_SWAP",
            "",
        ),
        (
            AnggotaKeluarga,
            r#","nik":"3201011207700001","tanggal_lahir":"1971-07-12""#,
            "/tanggal_lahir DOB_MISMATCH_YEAR_OFF",
            "",
        ),
        (
            AnggotaKeluarga,
            r#","nik":"3201011207700001","tanggal_lahir":"1971-12-07""#,
            "/tanggal_lahir DOB_MISMATCH",
            "SWAP,YEAR_OFF",
        ),
        // 12 July of 1920 or of 2020: both are right.
        (AnggotaKeluarga, r#","nik":"3201011207200001","tanggal_lahir":"1920-07-12""#, "", "DOB_"),
        (AnggotaKeluarga, r#","nik":"3201011207200001","tanggal_lahir":"2020-07-12""#, "", "DOB_"),
        (
            AnggotaKeluarga,
            r#","nik":"3201013207700001","tanggal_lahir":"1970-07-12","jenis_kelamin":"L""#,
            "/nik DAY_RANGE",
            "MISMATCH",
        ),
        (AnggotaKeluarga, r#","nik":"3201011207150001","no_kk":"3201011207150001""#, "/no_kk NIK_EQUALS_KK", ""),
        (AnggotaKeluarga, r#","nik":"3201011207150001","no_kk":"3201 0112 0715 0001""#, "/no_kk NIK_EQUALS_KK", ""),
        (AnggotaKeluarga, r#","nik":"-","no_kk":"-""#, "", "NIK_EQUALS_KK"),
        (
            AnggotaKeluarga,
            r#","nik":"0000000000000000","no_kk":"0000000000000000""#,
            "/nik PLACEHOLDER",
            "NIK_EQUALS_KK",
        ),
        (AnggotaKeluarga, r#","no_kk":"3201015207150001""#, "/no_kk KK_LOOKS_LIKE_NIK", ""),
        (AnggotaKeluarga, r#","no_kk":"3201011207260001""#, "/no_kk KK_FUTURE", ""),
        (AnggotaKeluarga, r#","no_kk":"12345""#, "/no_kk KK_FORMAT", ""),
        (AnggotaKeluarga, r#","tanggal_lahir":"2025-11-21""#, "/tanggal_lahir DOB_FUTURE", "TOO_OLD"),
        (AnggotaKeluarga, r#","tanggal_lahir":"2025-11-20""#, "", "DOB_"),
        (AnggotaKeluarga, r#","tanggal_lahir":"1905-11-20""#, "", "DOB_"),
        (AnggotaKeluarga, r#","tanggal_lahir":"1905-11-19""#, "/tanggal_lahir DOB_TOO_OLD", "FUTURE"),
        (AnggotaKeluarga, r#","tanggal_lahir":"0000-01-01""#, "/tanggal_lahir DOB_TOO_OLD", ""),
        (AnggotaKeluarga, r#","tgl_data":"2025-11-21""#, "/tgl_data TGL_DATA_FUTURE", ""),
        (AnggotaKeluarga, r#","tgl_data":"2025-11-20""#, "", "TGL_DATA"),
        (AnggotaKeluarga, r#","tgl_data":"0000-01-01""#, "/tgl_data TGL_DATA_PAST", "FUTURE"),
        (AnggotaKeluarga, r#","tgl_data":"1945-08-16","hapus":true"#, "/tgl_data TGL_DATA_PAST", "FUTURE"),
        (AnggotaKeluarga, r#","tgl_data":"1945-08-17""#, "", "TGL_DATA"),
        (AnggotaKeluarga, r#","nama":"SITI \u202eHANIMA""#, "/nama STEERING_SIGN", "id_sumber"),
        (AnggotaKeluarga, r#","nama":"SITI\u0000""#, "/nama STEERING_SIGN", "id_sumber"),
        (AnggotaKeluarga, r#","alamat":"KP.\n1""#, "/alamat STEERING_SIGN", "nama"),
        (AnggotaKeluarga, r#","nama":"SITI\u200b""#, "", "STEERING"),
        (AnggotaKeluarga, r#","id_sumber":"A\u001b[2J""#, "/id_sumber STEERING_SIGN", "nama"),
        (AnggotaKeluarga, r#","id_sumber":"A\t1","hapus":true"#, "/id_sumber STEERING_SIGN", "nama"),
        (
            AnggotaKeluarga,
            r#","tgl_data":"2026-01-01","hapus":true,"nik":"-","nama":"4""#,
            "/tgl_data TGL_DATA_FUTURE",
            "/nik,/nama",
        ),
        (AnggotaKeluarga, r#","nama":"BUD1""#, "/nama NAME_HAS_DIGIT", "DECEASED,NEWBORN"),
        (AnggotaKeluarga, r#","nama":"Alm. Suparman""#, "/nama DECEASED_HINT", "DIGIT,NEWBORN"),
        (AnggotaKeluarga, r#","nama":"SITI (ALMH)""#, "/nama DECEASED_HINT", ""),
        (AnggotaKeluarga, r#","nama":"ALMIRA PALMA""#, "", "DECEASED"),
        (AnggotaKeluarga, r#","nama_ibu_kandung":"ALMH. SITI""#, "", "DECEASED"),
        (AnggotaKeluarga, r#","nama":"BY. NY. SITI""#, "/nama UNNAMED_NEWBORN", ""),
        (AnggotaKeluarga, r#","nama":"by ny siti""#, "/nama UNNAMED_NEWBORN", ""),
        (AnggotaKeluarga, r#","nama":"NY. SITI""#, "", "NEWBORN"),
        (AnggotaKeluarga, r#","kode_desa":"9999992001""#, "/kode_desa REGION_UNKNOWN", "BPS"),
        (AnggotaKeluarga, r#","kode_desa":"3201010001""#, "/kode_desa REGION_BPS", "UNKNOWN"),
        (AnggotaKeluarga, r#","kode_kecamatan":"999999""#, "/kode_kecamatan REGION_UNKNOWN", "BPS"),
        (PesertaDidik, r#","npsn":"20200001","nisn":"0101234567","tanggal_lahir":"2010-05-01""#, "", "NISN,NPSN"),
        (
            PesertaDidik,
            r#","npsn":"K1234567","nisn":"0111234567","tanggal_lahir":"2010-05-01""#,
            "/nisn NISN_YEAR",
            "NPSN",
        ),
        (PesertaDidik, r#","npsn":"123456","nisn":"9981234567","tanggal_lahir":"1998-05-01""#, "", "NISN,NPSN"),
        (PesertaDidik, r#","npsn":"1234567","nisn":"010123456""#, "/nisn NISN_FORMAT,/npsn NPSN_FORMAT", "YEAR"),
        (PesertaDidik, r#","npsn":"","nisn":" ""#, "/npsn NPSN_FORMAT", "NISN"),
        (PesertaDidik, r#","npsn":"20200001","nisn":"é12345678""#, "/nisn NISN_FORMAT", ""),
        (
            PesertaDidik,
            r#","npsn":"20200001","nik_ibu":"-","nik_ayah":"","nik_wali":"32""#,
            "/nik_wali LEN_OTHER",
            "/nik_ibu,/nik_ayah",
        ),
        (KepesertaanJkn, r#","no_jkn":"0001234567890""#, "", "JKN"),
        (KepesertaanJkn, r#","no_jkn":"1234567890""#, "/no_jkn JKN_FORMAT", ""),
        (LayananKia, r#","nik_ibu":"3201014107709001X""#, "/nik_ibu NON_DIGIT", "/nik "),
    ];

    #[test]
    fn values_are_doubted() {
        let listed = |text: &'static str| text.split(',').filter(|part| !part.is_empty());
        for (feed, fields, expected, not) in DOUBTS {
            let found = flags(*feed, fields);
            for flag in listed(expected) {
                assert!(found.iter().any(|f| f == flag), "{fields}: no {flag} in {found:?}");
            }
            for part in listed(not) {
                assert!(!found.iter().any(|f| f.contains(part)), "{fields}: {part} in {found:?}");
            }
        }
    }

    #[test]
    fn region_codes_are_doubted_by_what_the_tables_say() {
        for (status, bps, flag) in [
            (Some(RegionStatus::Active), true, None),
            (Some(RegionStatus::Retired), true, Some(FlagCode::RegionRetired)),
            (None, true, Some(FlagCode::RegionBps)),
            (None, false, Some(FlagCode::RegionUnknown)),
        ] {
            assert_eq!(region_doubt(status, bps), flag);
        }
    }
}
