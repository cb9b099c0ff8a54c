//! Sex as the agencies write it.

use serde::{Deserialize, Serialize};

/// `L` (laki-laki) or `P` (perempuan).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// Laki-laki, male.
    #[serde(rename = "L")]
    Male,
    /// Perempuan, female.
    #[serde(rename = "P")]
    Female,
}

impl Sex {
    /// The feed code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Male => "L",
            Self::Female => "P",
        }
    }

    /// The word on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Male => "Laki-laki",
            Self::Female => "Perempuan",
        }
    }
}
