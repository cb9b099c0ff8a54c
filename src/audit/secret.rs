//! The secret key of a log or a witness as a line of text, in the form that tools for such notes write.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::{KeyError, KeyKind, KeyName, LogSigner, VerifierKey, WitnessSigner};

/// Before the name.
const BEGINNING: &str = "PRIVATE+KEY+";

/// A secret key and what it is for. Its text is `PRIVATE+KEY+name+id+base64`.
pub struct SigningKey {
    name: KeyName,
    kind: KeyKind,
    seed: [u8; 32],
}

impl SigningKey {
    /// A key of 32 random bytes.
    pub fn new(name: KeyName, kind: KeyKind, seed: [u8; 32]) -> Self {
        Self { name, kind, seed }
    }

    /// What others need to verify its signatures.
    pub fn verifier_key(&self) -> VerifierKey {
        match self.kind {
            KeyKind::Log => LogSigner::from_seed(self.name.clone(), &self.seed).verifier_key().clone(),
            KeyKind::Witness => WitnessSigner::from_seed(self.name.clone(), &self.seed).verifier_key().clone(),
        }
    }

    /// The signer of a log.
    pub fn log(&self) -> Result<LogSigner, KeyError> {
        if self.kind != KeyKind::Log {
            return Err(KeyError::Secret);
        }
        Ok(LogSigner::from_seed(self.name.clone(), &self.seed))
    }

    /// The signer of a witness.
    pub fn witness(&self) -> Result<WitnessSigner, KeyError> {
        if self.kind != KeyKind::Witness {
            return Err(KeyError::Secret);
        }
        Ok(WitnessSigner::from_seed(self.name.clone(), &self.seed))
    }

    /// The text of the key, for a file that nobody else reads.
    pub fn to_text(&self) -> String {
        let mut typed = vec![self.kind.code()];
        typed.extend(self.seed);
        let id = self.verifier_key().id();
        format!("{BEGINNING}{}+{id:08x}+{}", self.name.as_str(), STANDARD.encode(typed))
    }
}

impl FromStr for SigningKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut pieces = text.trim_end().strip_prefix(BEGINNING).ok_or(KeyError::Secret)?.splitn(3, '+');
        let (Some(name), Some(id), Some(typed)) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(KeyError::Secret);
        };
        let typed = STANDARD.decode(typed).map_err(|_| KeyError::Secret)?;
        let (&code, seed) = typed.split_first().ok_or(KeyError::Secret)?;
        let kind = [KeyKind::Log, KeyKind::Witness].into_iter().find(|kind| kind.code() == code);
        let seed = seed.try_into().map_err(|_| KeyError::Secret)?;
        let key = Self { name: name.parse()?, kind: kind.ok_or(KeyError::Type(code))?, seed };
        if format!("{:08x}", key.verifier_key().id()) == id { Ok(key) } else { Err(KeyError::Id) }
    }
}

/// The secret stays out.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}
