//! The traps of the handbook's checklist that concern matching, through the real model: small sets of rows and what must
//! come of them.

use std::collections::BTreeSet;

use padan::domain::date::Date;
use padan::engine::Meter;
use padan::tables::{Matched, TableModel, Tabular};

/// A row: fields of the feeds with their values.
type Row = &'static [(&'static str, &'static str)];

struct Few(Vec<Row>);

impl Tabular for Few {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.fields().position(|field| field == name)
    }

    fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let name = self.fields().nth(column)?;
        self.0[row].iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
    }
}

impl Few {
    /// The field of each cell; the same name may come up again.
    fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flat_map(|row| row.iter()).map(|(field, _)| *field)
    }
}

/// What must come of two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// One person, by the machine.
    One,
    /// A steward is asked.
    Asked,
    /// Two persons, and nobody is asked.
    Apart,
}

/// A name with the number of the trap, the rows, and the fate of the pairs that the trap is about.
type Trap = (&'static str, &'static [Row], &'static [(u32, u32, Fate)]);

use Fate::{Apart, Asked, One};

const HASAN: Row = &[
    ("nik", "3201051204150001"),
    ("nama", "HASAN"),
    ("tanggal_lahir", "2015-04-12"),
    ("jenis_kelamin", "L"),
    ("nama_ibu_kandung", "SITI AMINAH"),
    ("no_kk", "3201051203100004"),
    ("kode_desa", "3201052001"),
    ("alamat", "KP. BABAKAN"),
];

const HUSEIN: Row = &[
    ("nik", "3201051204150002"),
    ("nama", "HUSEIN"),
    ("tanggal_lahir", "2015-04-12"),
    ("jenis_kelamin", "L"),
    ("nama_ibu_kandung", "SITI AMINAH"),
    ("no_kk", "3201051203100004"),
    ("kode_desa", "3201052001"),
    ("alamat", "KP. BABAKAN"),
];

const TRAPS: &[Trap] = &[
    ("1 twins", &[HASAN, HUSEIN], &[(0, 1, Apart)]),
    (
        "1 twins, one without a NIK",
        &[
            HASAN,
            &[
                ("nama", "HUSEIN"),
                ("tanggal_lahir", "2015-04-12"),
                ("jenis_kelamin", "L"),
                ("nama_ibu_kandung", "SITI AMINAH"),
                ("no_kk", "3201051203100004"),
            ],
        ],
        &[(0, 1, Apart)],
    ),
    (
        "2 villagers of 1 July 1970",
        &[
            &[
                ("nik", "3201050107700012"),
                ("nama", "SUKARMAN"),
                ("tanggal_lahir", "1970-07-01"),
                ("jenis_kelamin", "L"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201050107700108"),
                ("nama", "MULYONO"),
                ("tanggal_lahir", "1970-07-01"),
                ("jenis_kelamin", "L"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, Apart)],
    ),
    (
        "3 mother and daughter",
        &[
            &[
                ("nik", "3201055203850001"),
                ("nama", "SITI MARYAM"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "P"),
                ("nama_ibu_kandung", "ROHANI"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201054507100002"),
                ("nama", "SITI MARYAMAH"),
                ("tanggal_lahir", "2010-07-05"),
                ("jenis_kelamin", "P"),
                ("nama_ibu_kandung", "SITI MARYAM"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, Apart)],
    ),
    (
        "4 the head's NIK on four members",
        &[
            &[
                ("nik", "3201051203750001"),
                ("nama", "JAJANG SUTISNA"),
                ("tanggal_lahir", "1975-03-12"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201051203750001"),
                ("nama", "EUIS KOMARIAH"),
                ("tanggal_lahir", "1980-11-02"),
                ("jenis_kelamin", "P"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201051203750001"),
                ("nama", "DENI PERMANA"),
                ("tanggal_lahir", "2008-01-20"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201051203750001"),
                ("nama", "RANI OKTAVIA"),
                ("tanggal_lahir", "2012-10-08"),
                ("jenis_kelamin", "P"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, Apart), (0, 2, Apart), (0, 3, Apart), (1, 2, Apart), (1, 3, Apart), (2, 3, Apart)],
    ),
    (
        "4 a twin's NIK on the other twin",
        &[
            &[
                ("nik", "3201051204150001"),
                ("nama", "GIBRAN PRATAMA"),
                ("tanggal_lahir", "2015-04-12"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
            ],
            &[
                ("nik", "3201051204150001"),
                ("nama", "NAURA ANINDITA"),
                ("tanggal_lahir", "2015-04-12"),
                ("jenis_kelamin", "P"),
                ("no_kk", "3201051203100004"),
            ],
        ],
        &[(0, 1, Asked)],
    ),
    (
        "4 the head's NIK on a child",
        &[
            &[
                ("nik", "3201051203750001"),
                ("nama", "JAJANG SUTISNA"),
                ("tanggal_lahir", "1975-03-12"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201051203750001"),
                ("nama", "DENI PERMANA"),
                ("tanggal_lahir", "2008-01-20"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, Apart)],
    ),
    (
        "5 a woman's NIK on a man's row",
        &[
            &[
                ("nik", "3201055203850001"),
                ("nama", "NUR HIDAYAT"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "P"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201051203850001"),
                ("nama", "NUR HIDAYAT"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, Asked)],
    ),
    (
        "6 day and month swapped, one row without a NIK",
        &[
            &[
                ("nik", "3201050701850001"),
                ("nama", "BAMBANG SUGIARTO"),
                ("tanggal_lahir", "1985-01-07"),
                ("jenis_kelamin", "L"),
                ("nama_ibu_kandung", "SUMIYEM"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "BAMBANG SUGIARTO"),
                ("tanggal_lahir", "1985-07-01"),
                ("jenis_kelamin", "L"),
                ("nama_ibu_kandung", "SUMIYEM"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, One)],
    ),
    (
        "7 a prefix from before the regency was split",
        &[
            &[
                ("nik", "1806051203850001"),
                ("nama", "SUGENG RIYADI"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "L"),
                ("kode_desa", "1810012001"),
            ],
            &[
                ("nik", "1806051203850001"),
                ("nama", "SUGENG RIYADI"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "L"),
                ("kode_desa", "1806052001"),
            ],
        ],
        &[(0, 1, One)],
    ),
    (
        "12 blanks and spellings",
        &[
            &[
                ("nama", "NUR HAYATI"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "NURHAYATI"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "ABDURRAHMAN"),
                ("tanggal_lahir", "1990-11-23"),
                ("jenis_kelamin", "L"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "ABD. ROCHMAN"),
                ("tanggal_lahir", "1990-11-23"),
                ("jenis_kelamin", "L"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, One), (2, 3, One), (0, 2, Apart)],
    ),
    (
        "13 a name cut by the bank",
        &[
            &[
                ("nama", "SRI WAHYUNINGSIH RAHAYU"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "SRI WAHYUNINGSIH RAH"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, One)],
    ),
    (
        "14 titles that look like names",
        &[
            &[
                ("nama", "H. AHMAD"),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "AHMAD H."),
                ("tanggal_lahir", "1985-03-12"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "ST. AMINAH"),
                ("tanggal_lahir", "1990-11-23"),
                ("jenis_kelamin", "P"),
                ("no_kk", "3201051203100009"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nama", "AMINAH, S.T."),
                ("tanggal_lahir", "1990-11-23"),
                ("jenis_kelamin", "P"),
                ("no_kk", "3201051203100009"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, One), (2, 3, One)],
    ),
    (
        "16 one name, one village, one year, three candidates",
        &[
            &[
                ("nama", "SUMIATI"),
                ("tanggal_lahir", "1970-07-01"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201054203700001"),
                ("nama", "SUMIATI"),
                ("tanggal_lahir", "1970-03-02"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201056109700002"),
                ("nama", "SUMIATI"),
                ("tanggal_lahir", "1970-09-21"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201055511700003"),
                ("nama", "SUMIATI"),
                ("tanggal_lahir", "1970-11-15"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, Asked), (0, 2, Asked), (0, 3, Asked), (1, 2, Apart), (1, 3, Apart), (2, 3, Apart)],
    ),
    (
        "23 sisters by their order of birth",
        &[
            &[
                ("nik", "3201054203060001"),
                ("nama", "DWI LESTARI"),
                ("tanggal_lahir", "2006-03-02"),
                ("jenis_kelamin", "P"),
                ("nama_ibu_kandung", "SUMARNI"),
                ("no_kk", "3201051203100004"),
            ],
            &[
                ("nik", "3201056109080002"),
                ("nama", "TRI LESTARI"),
                ("tanggal_lahir", "2008-09-21"),
                ("jenis_kelamin", "P"),
                ("nama_ibu_kandung", "SUMARNI"),
                ("no_kk", "3201051203100004"),
            ],
        ],
        &[(0, 1, Apart)],
    ),
    (
        "23 husband and wife",
        &[
            &[
                ("nik", "3201050203700001"),
                ("nama", "SUPARNO"),
                ("tanggal_lahir", "1970-03-02"),
                ("jenis_kelamin", "L"),
                ("no_kk", "3201051203100004"),
            ],
            &[
                ("nik", "3201056109720002"),
                ("nama", "SUPARNI"),
                ("tanggal_lahir", "1972-09-21"),
                ("jenis_kelamin", "P"),
                ("no_kk", "3201051203100004"),
            ],
        ],
        &[(0, 1, Apart)],
    ),
    (
        "24 one NIK, three spellings",
        &[
            &[
                ("nik", "3201050203700001"),
                ("nama", "MOCH. SYAEFUL ROCHMAN"),
                ("tanggal_lahir", "1970-03-02"),
                ("jenis_kelamin", "L"),
            ],
            &[
                ("nik", "3201050203700001"),
                ("nama", "Muhammad Saepul Rohman"),
                ("tanggal_lahir", "1970-03-02"),
                ("jenis_kelamin", "L"),
            ],
            &[("nik", "3201050203700001"), ("nama", "M SYAIFUL R"), ("tanggal_lahir", "1970-03-02")],
        ],
        &[(0, 1, One), (0, 2, One), (1, 2, One)],
    ),
    (
        "25 a newborn without a name, and its mother",
        &[
            &[
                ("nik", "3201055203950001"),
                ("nama", "SITI ROHMAH"),
                ("tanggal_lahir", "1995-03-12"),
                ("jenis_kelamin", "P"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201055203950001"),
                ("nama", "BY. NY. SITI ROHMAH"),
                ("tanggal_lahir", "2025-10-05"),
                ("jenis_kelamin", "L"),
                ("kode_desa", "3201052001"),
            ],
            &[
                ("nik", "3201050510250001"),
                ("nama", "RAFA ALFARIZI"),
                ("tanggal_lahir", "2025-10-05"),
                ("jenis_kelamin", "L"),
                ("nama_ibu_kandung", "SITI ROHMAH"),
                ("kode_desa", "3201052001"),
            ],
        ],
        &[(0, 1, Apart), (0, 2, Apart), (1, 2, Asked)],
    ),
];

fn fate(matched: &Matched, a: u32, b: u32) -> Fate {
    let cluster = |row: u32| matched.clusters[row as usize];
    let asked: BTreeSet<(u32, u32)> =
        matched.review.iter().map(|pair| (cluster(pair.rows.0), cluster(pair.rows.1))).collect();
    let pair = (cluster(a), cluster(b));
    if pair.0 == pair.1 {
        One
    } else if asked.contains(&pair) || asked.contains(&(pair.1, pair.0)) {
        Asked
    } else {
        Apart
    }
}

#[test]
fn every_trap_ends_as_the_handbook_says() {
    let model = TableModel::parse(None).expect("the built-in model");
    let mut wrong = Vec::new();
    for (name, rows, fates) in TRAPS {
        let meter = Meter::default();
        let filled = model.fill(&Few(rows.to_vec()), Date::constant(2025, 11, 20), &meter).expect("filled");
        let matched = model.link(filled.rows, &meter).expect("matched");
        for (a, b, wanted) in *fates {
            let found = fate(&matched, *a, *b);
            if found != *wanted {
                let weight = matched.pairs.iter().find(|pair| pair.rows == (*a, *b)).map(|pair| pair.weight);
                wrong.push(format!("{name}: rows {a} and {b} are {found:?}, not {wanted:?}; weight {weight:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
