//! How a mapping is written: the file of `padan push --map`, and what is kept for an agency and feed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::feed::Feed;

/// From which columns the fields of a feed are filled. Two mappings that are equal have the same text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The form this is written in: 1.
    pub version: u8,
    /// The feed whose rows are made.
    pub feed: Feed,
    /// How dates are written where a field does not say otherwise.
    #[serde(default)]
    pub date_order: DateOrder,
    /// Headings that are left out on purpose.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left_out: BTreeSet<String>,
    /// How `id_sumber` is formed.
    pub id: IdSource,
    /// Names of places that become `kode_desa` or `kode_kecamatan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceSource>,
    /// Per field of the feed how it is filled; all but `id_sumber`.
    #[serde(default)]
    pub fields: BTreeMap<String, Source>,
}

/// How `id_sumber` is formed: the texts of these columns, in this order, with `-` between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdSource {
    /// Headings whose values stay the same for ever. Never a running number of the sheet.
    pub columns: Vec<String>,
}

/// How one field is filled: from a column or by a constant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The heading; case, signs and blanks do not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The same value for every row, written as a cell would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
    /// Which part of the cell, where one column holds two fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// How the dates of this column are written, where it is not as in the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// Words of the table and the values they stand for; an empty value stands for nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl Source {
    /// From a column.
    pub fn column(heading: impl Into<String>) -> Self {
        Self { column: Some(heading.into()), ..Self::default() }
    }

    /// The same value for every row.
    pub fn constant(value: impl Into<String>) -> Self {
        Self { constant: Some(value.into()), ..Self::default() }
    }

    /// A part of a column.
    pub fn part(heading: impl Into<String>, part: Part) -> Self {
        Self { part: Some(part), ..Self::column(heading) }
    }
}

/// A part of a cell that holds two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The place of `BOGOR, 12-03-1984`.
    Place,
    /// The date of it.
    Date,
    /// The first number of `003/005`.
    Rt,
    /// The second one.
    Rw,
}

/// In which order day, month and year are written. A date with the year first is read in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Day, month, year: as usual in Indonesia.
    #[default]
    Dmy,
    /// Year, month, day.
    Ymd,
    /// Month, day, year.
    Mdy,
}

/// Names of places and where they stand. At least a village or a district.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceSource {
    /// The heading of the village (desa, kelurahan).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub village: Option<String>,
    /// The heading of the district (kecamatan).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// The heading of the regency (kabupaten, kota).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regency: Option<String>,
    /// The code of the province, regency or district in which all the rows lie: 2, 4 or 6 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// What a person chose where names are unknown or mean several places: the names as they stand in the columns above,
    /// joined by ` / `, and the code; 6 digits where only the district is known, an empty text for none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub choices: BTreeMap<String, String>,
}

/// A text is no mapping.
#[derive(Debug, thiserror::Error)]
pub enum MappingTextError {
    /// It is not in the form of a mapping.
    #[error("the mapping cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// It is written in a form this program does not know.
    #[error("the mapping is of version {found}; this program reads version {}", Mapping::VERSION)]
    Version {
        /// The version it names.
        found: u8,
    },
    /// It is longer than a mapping may be.
    #[error("the mapping is longer than {} bytes", Mapping::MOST_BYTES)]
    TooLong,
}

impl Mapping {
    /// The version that is written, and the only one that is read.
    pub const VERSION: u8 = 1;

    /// The longest text that is read.
    pub const MOST_BYTES: usize = 1 << 20;

    /// A mapping that fills nothing yet.
    pub fn empty(feed: Feed) -> Self {
        Self {
            version: Self::VERSION,
            feed,
            date_order: DateOrder::default(),
            left_out: BTreeSet::new(),
            id: IdSource::default(),
            place: None,
            fields: BTreeMap::new(),
        }
    }

    /// Reads a mapping file.
    pub fn from_toml(text: &str) -> Result<Self, MappingTextError> {
        if text.len() > Self::MOST_BYTES {
            return Err(MappingTextError::TooLong);
        }
        let mapping: Self = toml::from_str(text)?;
        if mapping.version == Self::VERSION {
            Ok(mapping)
        } else {
            Err(MappingTextError::Version { found: mapping.version })
        }
    }

    /// The text of the mapping. It is part of the digest of a file that is sent with it.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a mapping has text keys, and its tables stand behind its values")
    }

    /// Every heading that is used or left out on purpose, with the field it is used for.
    pub(super) fn headings(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter().filter_map(|(field, source)| Some((source.column.as_deref()?, field.as_str())));
        let id = self.id.columns.iter().map(|heading| (heading.as_str(), "id_sumber"));
        let place = self.place.iter().flat_map(|place| {
            let columns = [&place.village, &place.district, &place.regency];
            columns.into_iter().filter_map(|heading| Some((heading.as_deref()?, "kode_desa")))
        });
        fields.chain(id).chain(place)
    }
}
