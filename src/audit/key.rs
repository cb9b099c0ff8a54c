//! Keys of the log and of its witnesses.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::note::Signature;

/// Bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// The name of a key; a log's is its origin, as `padan.example/audit`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// What a key signs. The same Ed25519 key of another kind has another id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Checkpoints of its own log.
    Log,
    /// What it saw of the logs of others, with the time.
    Witness,
}

/// The public key of a log or a witness. Its text is `name+id+base64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    key: [u8; 32],
}

/// Signs the checkpoints of one log.
#[derive(Debug)]
pub struct LogSigner {
    key: VerifierKey,
    pair: Ed25519KeyPair,
}

/// Countersigns checkpoints.
#[derive(Debug)]
pub struct WitnessSigner {
    key: VerifierKey,
    pair: Ed25519KeyPair,
}

/// What is given is no key. The text of a key is not repeated: it may be a secret one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The name is not one.
    #[error("the name of a key is not empty and has no space, no control character and no plus sign")]
    Name,
    /// The text is not `name+id+base64`.
    #[error("a verifier key is written as name+id+base64, and this one is not")]
    Form,
    /// The id does not belong to the name and the key.
    #[error("the id of a verifier key does not belong to its name and key; a file of the line was changed")]
    Id,
    /// Neither an Ed25519 key of a log nor one of a witness.
    #[error("a verifier key is of type {0}; known are 1 (Ed25519, log) and 4 (Ed25519, witness)")]
    Type(u8),
    /// The text is not that of a signing key, or of one for another purpose.
    #[error("a signing key is written as PRIVATE+KEY+name+id+base64, and this one is not, or is of another kind")]
    Secret,
}

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        let refused = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(refused) { Err(KeyError::Name) } else { Ok(Self(name.to_owned())) }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyKind {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }
}

impl VerifierKey {
    fn of(name: KeyName, kind: KeyKind, pair: &Ed25519KeyPair) -> Self {
        let key = pair.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes");
        Self { name, kind, key }
    }

    /// Its name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The number that its signatures carry.
    pub fn id(&self) -> u32 {
        let digest = Sha256::new()
            .chain_update(self.name.as_str())
            .chain_update([b'\n', self.kind.code()])
            .chain_update(self.key)
            .finalize();
        let (first, _) = digest.split_first_chunk().expect("a digest has 32 bytes");
        u32::from_be_bytes(*first)
    }

    /// Whether it is the same Ed25519 key, under whatever name.
    pub(super) fn same_secret(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether a signature says that it is of this key.
    pub(super) fn claims(&self, signature: &Signature) -> bool {
        signature.name() == &self.name && signature.id() == self.id()
    }

    /// Whether this log's key signed the text.
    pub(super) fn signed(&self, text: &str, signature: &Signature) -> bool {
        self.verify(text, signature.bytes())
    }

    /// When this witness's key countersigned the text; nothing if it did not.
    pub(super) fn countersigned(&self, text: &str, signature: &Signature) -> Option<u64> {
        let (time, bytes) = signature.bytes().split_first_chunk()?;
        let time = u64::from_be_bytes(*time);
        (i64::try_from(time).is_ok() && self.verify(&countersigned_text(text, time), bytes)).then_some(time)
    }

    fn verify(&self, text: &str, bytes: &[u8]) -> bool {
        bytes.len() == SIGNATURE_BYTES
            && UnparsedPublicKey::new(&ED25519, self.key).verify(text.as_bytes(), bytes).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![self.kind.code()];
        typed.extend(self.key);
        write!(f, "{}+{:08x}+{}", self.name, self.id(), STANDARD.encode(typed))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut pieces = text.splitn(3, '+');
        let (Some(name), Some(id), Some(typed)) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(KeyError::Form);
        };
        let typed = STANDARD.decode(typed).map_err(|_| KeyError::Form)?;
        let (&code, key) = typed.split_first().ok_or(KeyError::Form)?;
        let kind = match code {
            1 => KeyKind::Log,
            4 => KeyKind::Witness,
            other => return Err(KeyError::Type(other)),
        };
        let key = key.try_into().map_err(|_| KeyError::Form)?;
        let verifier = Self { name: name.parse()?, kind, key };
        if format!("{:08x}", verifier.id()) == id { Ok(verifier) } else { Err(KeyError::Id) }
    }
}

impl LogSigner {
    /// The signer of the log `origin`, with a secret key that is 32 random bytes.
    pub fn from_seed(origin: KeyName, seed: &[u8; 32]) -> Self {
        let pair = pair_of_seed(seed);
        Self { key: VerifierKey::of(origin, KeyKind::Log, &pair), pair }
    }

    /// The log's name.
    pub fn origin(&self) -> &KeyName {
        &self.key.name
    }

    /// What others need to verify its signatures.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    pub(super) fn sign(&self, text: &str) -> Signature {
        Signature::new(self.key.name.clone(), self.key.id(), self.pair.sign(text.as_bytes()).as_ref().to_vec())
    }
}

impl WitnessSigner {
    /// The signer of the witness `name`, with a secret key that is 32 random bytes.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let pair = pair_of_seed(seed);
        Self { key: VerifierKey::of(name, KeyKind::Witness, &pair), pair }
    }

    /// What others need to verify its signatures.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    pub(super) fn countersign(&self, text: &str, time: u64) -> Signature {
        let mut bytes = time.to_be_bytes().to_vec();
        bytes.extend(self.pair.sign(countersigned_text(text, time).as_bytes()).as_ref());
        Signature::new(self.key.name.clone(), self.key.id(), bytes)
    }
}

/// What a witness signs: the time, and the checkpoint without its signatures.
fn countersigned_text(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

fn pair_of_seed(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are an Ed25519 seed")
}
