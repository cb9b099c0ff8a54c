//! What goes wrong when an agency writes a person down (DOMAIN 1.2 and 2.1). One file a kind of value.
//!
//! Every function takes the true value and gives what stands in the row; none of them sees any other row.

pub(crate) mod date;
pub(crate) mod digits;
pub(crate) mod name;
