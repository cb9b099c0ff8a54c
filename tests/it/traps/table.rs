//! The traps: rows, and what must come of pairs of them.

use super::Fate::{Apart, Asked, One};
use super::{Row, Trap};

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

pub(super) const TRAPS: &[Trap] = &[
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
