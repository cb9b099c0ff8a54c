//! How well each office keeps its list: factors on the rates of the profile, and shares of absent fields.

use crate::domain::feed::Feed;

/// The habits of one office. Factors multiply the rates of the profile; shares stand for themselves.
pub(crate) struct Style {
    pub(crate) feed: Feed,
    /// Upper case, title case, lower case.
    pub(crate) case: [f64; 3],
    pub(crate) name: f64,
    pub(crate) nik_missing: f64,
    pub(crate) nik: f64,
    pub(crate) card_missing: f64,
    pub(crate) card: f64,
    pub(crate) date_missing: f64,
    pub(crate) date: f64,
    pub(crate) mother_missing: f64,
    pub(crate) village_missing: f64,
    /// Share of rows without a village that name the district.
    pub(crate) district: f64,
    pub(crate) place: f64,
    pub(crate) phone: f64,
    pub(crate) copies: f64,
}

/// Dinas Sosial.
pub(crate) const REGISTRY: Style = Style {
    feed: Feed::AnggotaKeluarga,
    case: [1.0, 0.0, 0.0],
    name: 1.0,
    nik_missing: 0.88,
    nik: 1.0,
    card_missing: 0.035,
    card: 1.0,
    date_missing: 1.0,
    date: 1.0,
    mother_missing: 0.108,
    village_missing: 0.0,
    district: 1.0,
    place: 0.9,
    phone: 0.39,
    copies: 1.0,
};

/// Dinas Pendidikan.
pub(crate) const PUPIL: Style = Style {
    feed: Feed::PesertaDidik,
    case: [0.32, 0.65, 0.03],
    name: 0.64,
    nik_missing: 0.61,
    nik: 0.76,
    card_missing: 0.46,
    card: 0.8,
    date_missing: 0.6,
    date: 0.53,
    mother_missing: 0.092,
    village_missing: 0.168,
    district: 0.85,
    place: 0.966,
    phone: 0.47,
    copies: 0.9,
};

/// BPJS through Dinas Kesehatan.
pub(crate) const INSURANCE: Style = Style {
    feed: Feed::KepesertaanJkn,
    case: [1.0, 0.0, 0.0],
    name: 0.7,
    nik_missing: 0.42,
    nik: 0.43,
    card_missing: 0.19,
    card: 0.8,
    date_missing: 0.68,
    date: 0.68,
    mother_missing: 0.46,
    village_missing: 0.255,
    district: 0.68,
    place: 0.6,
    phone: 0.51,
    copies: 0.75,
};

/// Posyandu and Puskesmas.
pub(crate) const SERVICE: Style = Style {
    feed: Feed::LayananKia,
    case: [0.3, 0.66, 0.04],
    name: 1.1,
    nik_missing: 1.05,
    nik: 1.3,
    card_missing: 0.57,
    card: 0.7,
    date_missing: 1.4,
    date: 1.22,
    mother_missing: 0.31,
    village_missing: 0.065,
    district: 1.0,
    place: 0.385,
    phone: 0.58,
    copies: 1.2,
};

/// The paying banks.
pub(crate) const ACCOUNT: Style = Style {
    feed: Feed::Rekening,
    case: [1.0, 0.0, 0.0],
    name: 0.9,
    nik_missing: 0.26,
    nik: 0.22,
    card_missing: 0.775,
    card: 0.7,
    date_missing: 0.25,
    date: 0.4,
    mother_missing: 0.048,
    village_missing: 0.465,
    district: 0.58,
    place: 0.866,
    phone: 0.8,
    copies: 1.3,
};
