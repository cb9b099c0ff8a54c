//! Why a model file was refused, and why a row does not fit a plan.
//!
//! Every refusal says where it stands, what is wrong, and, as a separate hint, what to do about it.

use super::field::Kind;

/// A refused model file: the place, the problem, the way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("model file, line {line}, column {column}: {problem}")]
pub struct PlanError {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl PlanError {
    /// What to do about it, as one sentence for a `hint:` line.
    pub fn hint(&self) -> String {
        self.problem.hint()
    }
}

/// What is wrong with a model file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, an unknown key, a missing key, or a value of the wrong type.
    #[error("{message}")]
    Syntax {
        /// The parser's words.
        message: String,
    },
    /// A name that is not among the known ones.
    #[error("there is no {what} '{name}'")]
    Unknown {
        /// What kind of thing was named.
        what: &'static str,
        /// The name in the file.
        name: String,
        /// The nearest known name first, then the others.
        known: Vec<String>,
    },
    /// A name that is given to two things.
    #[error("the {what} '{name}' is defined twice")]
    Twice {
        /// What kind of thing.
        what: &'static str,
        /// The repeated name.
        name: String,
    },
    /// A list that must hold something is empty.
    #[error("{what} must not be empty")]
    Empty {
        /// Which list.
        what: &'static str,
    },
    /// More of something than a plan can hold.
    #[error("{found} {what}, but a plan holds at most {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A column of a type that a function or a key part cannot read.
    #[error("'{by}' cannot read the column '{column}' of type {kind}")]
    WrongKind {
        /// The function or key part.
        by: String,
        /// The column.
        column: String,
        /// Its type.
        kind: Kind,
        /// Types that would do.
        wanted: Vec<Kind>,
    },
    /// A function with too few or too many columns.
    #[error("the function '{function}' reads {least} to {most} columns, not {found}")]
    ColumnCount {
        /// The function.
        function: &'static str,
        /// Fewest columns.
        least: usize,
        /// Most columns.
        most: usize,
        /// Columns given.
        found: usize,
    },
    /// An option or condition that means nothing here.
    #[error("'{option}' means nothing for {of}")]
    NotHere {
        /// The option.
        option: &'static str,
        /// The function or thing it stands in.
        of: String,
        /// What would be understood.
        known: Vec<String>,
    },
    /// An option that this function cannot do without.
    #[error("the function '{function}' needs '{option}'")]
    NeedsOption {
        /// The function.
        function: &'static str,
        /// The missing option.
        option: &'static str,
    },
    /// A level without any condition.
    #[error("the level '{label}' has no condition")]
    NoCondition {
        /// The level.
        label: String,
    },
    /// A level that can never be reached.
    #[error("the level '{label}' can never be reached: it stands after the `else` level")]
    Unreachable {
        /// The level.
        label: String,
    },
    /// No last level for whatever is left.
    #[error("the comparison '{comparison}' has no `else` level, so some pairs would meet no level")]
    NoElse {
        /// The comparison.
        comparison: String,
    },
    /// Neither a weight nor m and u, or both.
    #[error("the level '{label}' needs either `weight` or both `m` and `u`")]
    NoWeight {
        /// The level.
        label: String,
    },
    /// A reference to a comparison that is not yet evaluated.
    #[error("a level of '{comparison}' asks for the level of '{other}', which is compared later")]
    Later {
        /// The asking comparison.
        comparison: String,
        /// The one that comes later.
        other: String,
    },
    /// A number outside its range.
    #[error("`{name}` must be {range}")]
    Range {
        /// Which number.
        name: &'static str,
        /// The range in words.
        range: &'static str,
    },
    /// A text that is not written as it should.
    #[error("'{text}' is not {wanted}")]
    Form {
        /// The text in the file.
        text: String,
        /// What it should be.
        wanted: &'static str,
    },
}

impl Problem {
    fn hint(&self) -> String {
        match self {
            Self::Syntax { .. } => {
                "schemas/model.schema.json lists every key, config/model/README.md says what each means".to_owned()
            }
            Self::Unknown { known, .. } | Self::NotHere { known, .. } if known.is_empty() => "remove it".to_owned(),
            Self::Unknown { known, .. } | Self::NotHere { known, .. } => format!("use one of: {}", known.join(", ")),
            Self::Twice { .. } => "give one of them another name".to_owned(),
            Self::Empty { .. } => "add at least one entry".to_owned(),
            Self::TooMany { limit, .. } => format!("merge some of them until {limit} are left"),
            Self::WrongKind { wanted, .. } => {
                let kinds: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                format!("give it a column of type {}", kinds.join(" or "))
            }
            Self::ColumnCount { .. } => "list the columns in `columns`".to_owned(),
            Self::NeedsOption { option, .. } => format!("add `{option}` to the comparison"),
            Self::NoCondition { .. } => {
                "add `equal`, `relation`, `min`, `max`, `missing` or, for the last level, `else = true`".to_owned()
            }
            Self::Unreachable { .. } => "move it above the `else` level".to_owned(),
            Self::NoElse { .. } => "add a last level with `else = true`".to_owned(),
            Self::NoWeight { .. } => "write weight = 3.5 (bits), or m = 0.9 and u = 0.01".to_owned(),
            Self::Later { other, .. } => format!("move the comparison '{other}' before this one"),
            Self::Range { .. } => "change the number".to_owned(),
            Self::Form { wanted, .. } => format!("write {wanted}"),
        }
    }
}

/// A row that does not fit the columns of the plan: a mistake of the caller, not of the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Too few or too many values.
    #[error("record {id}: {found} values for {expected} columns")]
    Width {
        /// The record.
        id: u64,
        /// Columns of the plan.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A value of another type than its column.
    #[error("record {id}: the value of column '{column}' is not of type {kind}")]
    Kind {
        /// The record.
        id: u64,
        /// The column.
        column: String,
        /// The type of the column.
        kind: Kind,
    },
    /// The same record number twice in a set of rows.
    #[error("record {id} is given twice")]
    Twice {
        /// The record.
        id: u64,
    },
}

/// Why postings that rest elsewhere were not read, as whoever reads them says it.
pub type Unread = Box<dyn std::error::Error + Send + Sync>;

/// Why a live set did not take something, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// A row does not fit the columns.
    #[error(transparent)]
    Row(#[from] RowError),
    /// Postings that rest elsewhere could not be read. A set that was applying a batch is of no use after it.
    #[error("postings that rest elsewhere could not be read")]
    Unread(#[source] Unread),
}

/// Why a checkpoint was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes could not be written or had.
    #[error("a checkpoint could not be moved: {0}")]
    Moved(#[from] std::io::Error),
    /// It does not begin as a checkpoint does.
    #[error("this is not a checkpoint of a live set")]
    Foreign,
    /// It is of another form than this program writes.
    #[error("a checkpoint of form {found}, but this program reads form {known}")]
    Form {
        /// Its form.
        found: u32,
        /// The form that is known.
        known: u32,
    },
    /// It was made under another model, other frequencies or other rules for names.
    #[error("a checkpoint of another model than '{name}', version {version}")]
    Model {
        /// The model that was asked for.
        name: String,
        /// Its version.
        version: String,
    },
    /// It is cut off, or something in it has changed.
    #[error("a checkpoint is damaged in its section '{section}'")]
    Damaged {
        /// The section.
        section: &'static str,
    },
}

impl CheckpointError {
    /// What to do about it, as one sentence for a `hint:` line.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Moved(_) => "see that the place of checkpoints can be read and written",
            Self::Foreign | Self::Form { .. } | Self::Model { .. } | Self::Damaged { .. } => {
                "build the set from its rows and write a new checkpoint"
            }
        }
    }
}
