//! Everything that is asked about a table, as SQL with parameters.

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::Table;

/// What is asked. The names of tables are those of [`Table::name`], so no text from outside gets into a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ask {
    /// The rows of these keys, in any order.
    Many,
    /// At most so many rows from a key on.
    From,
    /// At most so many rows from a key on, below another.
    Range,
    /// The row with the greatest key.
    Last,
    /// Gives keys their values.
    Put,
    /// Takes keys out.
    Delete,
}

impl Ask {
    /// The statement for one table.
    pub(super) fn text(self, table: Table) -> String {
        let text = match self {
            Self::Many => "SELECT key, value FROM {table} WHERE key = ANY ($1)",
            Self::From => "SELECT key, value FROM {table} WHERE key >= $1 ORDER BY key LIMIT $2",
            Self::Range => "SELECT key, value FROM {table} WHERE key >= $1 AND key < $3 ORDER BY key LIMIT $2",
            Self::Last => "SELECT key, value FROM {table} ORDER BY key DESC LIMIT 1",
            Self::Put => {
                "INSERT INTO {table} (key, value) SELECT * FROM unnest($1::bytea[], $2::bytea[]) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            }
            Self::Delete => "DELETE FROM {table} WHERE key = ANY ($1)",
        };
        text.replace("{table}", table.name())
    }
}

/// A parameter whose value is never shown: the client below writes parameters to its debug log.
pub(super) struct Private<T>(pub(super) T);

impl<T> std::fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl<T: ToSql> ToSql for Private<T> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.0.to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        T::accepts(kind)
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_show_no_value() {
        let keys: &[&[u8]] = &[b"SITI"];
        assert_eq!(format!("{:?}", Private(keys)), "***");
    }
}
