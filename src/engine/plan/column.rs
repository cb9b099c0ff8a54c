//! Columns: what a row consists of, and where its values lie in a packed row.

use super::file;
use super::place::Place;
use crate::engine::error::{PlanError, Problem};
use crate::engine::field::{Field, Kind};

/// A column of the plan: what the caller must deliver, in which position.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name inside the model.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// The field of the input it is made from.
    pub from: String,
    /// The caller's function that makes it comparable; the engine never looks at it.
    pub normaliser: Option<String>,
    /// How its values are written, for that function.
    pub format: Option<String>,
    /// Words that stand for no value: the column's, else the model's, else the caller's.
    pub null_words: Option<Vec<String>>,
    /// The largest share of its values that may be unreadable; the caller holds it.
    pub max_unreadable: Option<f64>,
}

/// Columns and their places.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub(super) list: Vec<Column>,
    pub(super) fields: Vec<Field>,
    pub(super) stride: usize,
}

impl Columns {
    pub(super) fn compile(place: Place<'_>, file: &file::File) -> Result<Self, PlanError> {
        let columns = &file.column;
        if columns.is_empty() {
            return Err(place.refuse(0..0, Problem::Empty { what: "the list of columns" }));
        }
        place.unique("column", columns.iter().map(|c| &c.name))?;
        let words = Kind::ALL.map(Kind::word);
        let (mut list, mut fields, mut offset) = (Vec::new(), Vec::new(), 0);
        for (index, column) in columns.iter().enumerate() {
            let kind = Kind::ALL[place.find("column type", &column.kind, &words)?];
            let name = column.name.get_ref().clone();
            let from = column.from.clone().unwrap_or_else(|| name.clone());
            let share = |n: &toml::Spanned<f64>| {
                place.within(n, "max_unreadable", |share| (0.0..=1.0).contains(&share), "from 0 to 1")
            };
            list.push(Column {
                name,
                kind,
                from,
                normaliser: column.normaliser.clone(),
                format: column.format.clone(),
                null_words: column.null_words.clone().or_else(|| file.model.null_words.clone()),
                max_unreadable: column.max_unreadable.as_ref().map(share).transpose()?,
            });
            fields.push(Field { index, offset, kind });
            offset += kind.width() as usize;
        }
        Ok(Self { list, fields, stride: offset })
    }

    pub(super) fn find(&self, place: Place<'_>, name: &toml::Spanned<String>) -> Result<Field, PlanError> {
        let known: Vec<&str> = self.list.iter().map(|c| c.name.as_str()).collect();
        Ok(self.fields[place.find("column", name, &known)?])
    }
}
