//! Every field of every row, against what `FEEDS.md` says of it.

use serde_json::Value;

use super::make;
use crate::domain::date::{Period, parse_date};
use crate::domain::feed::Feed;
use crate::simulate::{Profile, World};

/// What `FEEDS.md` says of a field.
enum Shape {
    Text(usize, usize),
    Digits(usize, usize),
    Day,
    Period,
    OneOf(&'static [&'static str]),
    Number(f64, f64),
    Whole(i64, i64),
    Flag,
    Programmes,
    ListOf(&'static [&'static str]),
}

use Shape::{Day, Digits, Flag, ListOf, Number, OneOf, Programmes, Text, Whole};

const CORE: &[(&str, Shape)] = &[
    ("nik", Text(0, 32)),
    ("no_kk", Text(0, 32)),
    ("nama", Text(1, 100)),
    ("tempat_lahir", Text(1, 60)),
    ("tanggal_lahir", Day),
    ("jenis_kelamin", OneOf(&["L", "P"])),
    ("nama_ibu_kandung", Text(1, 100)),
    ("alamat", Text(1, 200)),
    ("rt", Digits(1, 3)),
    ("rw", Digits(1, 3)),
    ("kode_desa", Digits(10, 10)),
    ("kode_kecamatan", Digits(6, 6)),
    ("no_hp", Text(1, 20)),
];

const COMPONENTS: &[&str] = &["BUMIL", "AUD", "SD", "SMP", "SMA", "LANSIA", "DISABILITAS"];

const MEMBER: &[(&str, Shape)] = &[
    ("id_keluarga", Text(1, 36)),
    ("id_dtsen", Text(1, 36)),
    ("no_peserta_pkh", Text(1, 36)),
    ("hubungan_keluarga", Whole(1, 11)),
    ("status_perkawinan", Whole(1, 4)),
    ("pekerjaan", Text(1, 60)),
    ("desil", Whole(1, 10)),
    ("program", Programmes),
    ("komponen_pkh", ListOf(COMPONENTS)),
    ("status_kepesertaan", OneOf(&["OMSPAN", "SI", "SK / CALON PENERIMA", "SUKSES SPM"])),
    ("status_padan_dukcapil", OneOf(&["PADAN", "TIDAK_PADAN", "BELUM"])),
    ("tgl_meninggal", Day),
    ("nama_pendamping", Text(1, 100)),
];

const PUPIL: &[(&str, Shape)] = &[
    ("nisn", Digits(10, 10)),
    ("npsn", Digits(8, 8)),
    ("nama_sekolah", Text(1, 100)),
    ("jenjang", OneOf(&["TK", "SD", "SMP", "SMA", "SMK", "PAKET_B", "PAKET_C"])),
    ("kelas", Whole(1, 12)),
    ("status_siswa", OneOf(&["AKTIF", "PINDAH", "PUTUS"])),
    ("nama_ayah", Text(1, 100)),
    ("nik_ayah", Digits(16, 16)),
    ("nik_ibu", Digits(16, 16)),
    ("nomor_kip", Text(6, 6)),
    ("penerima_kps_pkh", Flag),
    ("layak_pip", Flag),
    ("pip_status", OneOf(&["TIDAK", "USULAN", "SK_NOMINASI", "SK_PEMBERIAN", "CAIR"])),
    ("pip_tahun", Whole(2025, 2025)),
    ("pip_nominal", Whole(225_000, 1_800_000)),
    ("kehadiran_persen", Number(0.0, 100.0)),
];

const INSURANCE: &[(&str, Shape)] = &[
    ("no_jkn", Digits(13, 13)),
    ("segmen", OneOf(&["PBI_APBN", "PBI_APBD", "PPU", "PBPU", "BP"])),
    ("status_jkn", OneOf(&["AKTIF", "NONAKTIF", "MENUNGGAK", "MENINGGAL"])),
    ("faskes_tk1", Text(1, 100)),
    ("tgl_mulai", Day),
    ("tgl_nonaktif", Day),
    ("tgl_meninggal", Day),
];

const SERVICE: &[(&str, Shape)] = &[
    ("jenis", OneOf(&["IBU_HAMIL", "BALITA", "DISABILITAS"])),
    ("hpht", Day),
    ("hpl", Day),
    ("tgl_anc_terakhir", Day),
    ("anc_ke", Whole(1, 12)),
    ("tgl_ukur", Day),
    ("berat_kg", Number(0.5, 40.0)),
    ("tinggi_cm", Number(30.0, 140.0)),
    ("posyandu", Text(1, 60)),
    ("nik_ibu", Digits(16, 16)),
    ("status_gizi", OneOf(&["BAIK", "KURANG", "BURUK", "LEBIH"])),
    ("imunisasi_lengkap", Flag),
    ("ragam", OneOf(&["FISIK", "INTELEKTUAL", "MENTAL", "SENSORIK", "GANDA"])),
    ("derajat", OneOf(&["RINGAN", "SEDANG", "BERAT"])),
];

const ACCOUNT: &[(&str, Shape)] = &[
    ("kode_bank", Digits(3, 3)),
    ("no_rekening", Digits(10, 16)),
    ("cif", Text(1, 20)),
    ("jenis_rekening", OneOf(&["TABUNGAN", "E_WALLET"])),
    ("status_rekening", OneOf(&["AKTIF", "DORMAN", "BLOKIR", "TUTUP", "GAGAL_BUREKOL"])),
    ("no_kks_akhir4", Digits(4, 4)),
    ("kks_diserahkan", Flag),
    ("tgl_serah_kks", Day),
];

const PAYMENT: &[(&str, Shape)] = &[
    ("kode_bank", Digits(3, 3)),
    ("no_rekening", Digits(10, 16)),
    ("program", OneOf(&["PKH", "SEMBAKO", "BLT_DD", "PIP"])),
    ("periode", Shape::Period),
    ("nominal", Whole(1, 10_000_000)),
    ("tgl_topup", Day),
    ("status_salur", OneOf(&["BERHASIL", "GAGAL", "RETUR", "TIDAK_TRANSAKSI"])),
    ("kode_gagal", Text(1, 40)),
    ("tgl_transaksi_terakhir", Day),
];

/// Required fields beside the two of every row, and the feed's own fields.
fn fields(feed: Feed) -> (&'static [&'static str], &'static [(&'static str, Shape)]) {
    match feed {
        Feed::AnggotaKeluarga => (&["nama", "id_keluarga"], MEMBER),
        Feed::PesertaDidik => (&["nama", "npsn", "jenjang", "status_siswa"], PUPIL),
        Feed::KepesertaanJkn => (&["nama", "no_jkn", "segmen", "status_jkn"], INSURANCE),
        Feed::LayananKia => (&["nama", "jenis"], SERVICE),
        Feed::Rekening => (&["nama", "kode_bank", "no_rekening", "status_rekening"], ACCOUNT),
        Feed::Penyaluran => (&["kode_bank", "no_rekening", "program", "periode", "nominal", "status_salur"], PAYMENT),
    }
}

fn fits(shape: &Shape, value: &Value) -> bool {
    let text = value.as_str();
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    match shape {
        Text(least, most) => text.is_some_and(|s| (*least..=*most).contains(&s.chars().count())),
        Digits(least, most) => text.is_some_and(|s| digits(s) && (*least..=*most).contains(&s.len())),
        Day => text.is_some_and(|s| parse_date(s).is_ok()),
        Shape::Period => text.is_some_and(|s| s.parse::<Period>().is_ok()),
        OneOf(list) => text.is_some_and(|s| list.contains(&s)),
        Number(least, most) => value.as_f64().is_some_and(|n| (*least..=*most).contains(&n)),
        Whole(least, most) => value.as_i64().is_some_and(|n| (*least..=*most).contains(&n)),
        Flag => value.is_boolean(),
        ListOf(list) => {
            value.as_array().is_some_and(|a| a.iter().all(|v| v.as_str().is_some_and(|s| list.contains(&s))))
        }
        Programmes => value.as_array().is_some_and(|a| a.iter().all(programme_fits)),
    }
}

fn programme_fits(value: &Value) -> bool {
    let codes = ["PKH", "SEMBAKO", "BLT_DD", "PENA", "BST"];
    let states = ["AKTIF", "NONAKTIF", "CALON", "GRADUASI"];
    let is = |key: &str, list: &[&str]| value[key].as_str().is_some_and(|s| list.contains(&s));
    is("kode", &codes) && is("status", &states) && fits(&Shape::Period, &value["periode"])
}

#[test]
fn every_row_is_accepted_by_its_contract() {
    for profile in [Profile::Y2020, Profile::Y2024, Profile::Clean, Profile::Hard] {
        let (memory, _) = make(&World { profile, ..World::new(3, 1500, "3201") });
        for (feed, line) in &memory.rows {
            let row: Value = serde_json::from_str(line).expect("a row is JSON");
            let object = row.as_object().expect("a row is an object");
            let (required, own) = fields(*feed);
            for name in ["id_sumber", "tgl_data"].iter().chain(required) {
                assert!(object.contains_key(*name), "{feed} without {name}");
            }
            for (name, value) in object {
                let core = CORE.iter().filter(|_| feed.describes_person());
                let shape = own.iter().chain(core).find(|(known, _)| known == name).map(|(_, shape)| shape);
                let fitting = match name.as_str() {
                    "id_sumber" => fits(&Text(1, 64), value),
                    "tgl_data" => fits(&Day, value),
                    _ => shape.is_some_and(|shape| fits(shape, value)),
                };
                assert!(fitting, "{feed} {name} has {value}");
            }
        }
    }
}
