//! Whose signatures count: the log's keys, the witnesses, and how many of these have to have signed.

use thiserror::Error;

use super::checkpoint::{Checkpoint, SignedCheckpoint};
use super::key::{KeyKind, KeyName, VerifierKey};
use super::note::Signature;

/// The keys of one log and of its witnesses.
///
/// Signatures of other keys are passed over, as the format asks: a log may change its key and be countersigned by
/// witnesses that this reader does not know. A wrong signature of a known key refuses the checkpoint.
#[derive(Debug, Clone)]
pub struct Trust {
    logs: Vec<VerifierKey>,
    witnesses: Vec<VerifierKey>,
    needed: usize,
}

/// That a witness saw a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Which witness.
    pub witness: KeyName,
    /// When, in seconds since 1970.
    pub time: u64,
}

/// Keys do not fit together, or a checkpoint is not signed as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustError {
    /// A key of a witness was given for a log, or the other way.
    #[error("the key {0} is of the other kind: a log signs with one of type 1, a witness with one of type 4")]
    Kind(KeyName),
    /// Keys of two logs.
    #[error("the key {0} is of another log")]
    OtherLog(KeyName),
    /// One key twice, which would count as two witnesses.
    #[error("the key {0} is there twice, perhaps under two names")]
    Twice(KeyName),
    /// More witnesses are asked for than are known.
    #[error("{needed} witnesses are asked for, and {known} are known")]
    TooFewKnown {
        /// How many are asked for.
        needed: usize,
        /// How many are known.
        known: usize,
    },
    /// The checkpoint is another log's.
    #[error("the checkpoint is not of the log {0}")]
    Origin(KeyName),
    /// A known key's signature does not fit the text.
    #[error("the signature of {0} does not belong to this checkpoint")]
    Wrong(KeyName),
    /// A known key signed more than once.
    #[error("{0} signed more than once")]
    Repeated(KeyName),
    /// No key of the log signed.
    #[error("the checkpoint is not signed by the log {0}")]
    NoLog(KeyName),
    /// Too few witnesses.
    #[error("{found} known witnesses countersigned, and {needed} are needed")]
    TooFewWitnesses {
        /// How many are needed.
        needed: usize,
        /// How many signed.
        found: usize,
    },
}

impl Trust {
    /// Trusts a log's key, and asks for no witness.
    pub fn new(log: VerifierKey) -> Result<Self, TrustError> {
        let mut trust = Self { logs: Vec::new(), witnesses: Vec::new(), needed: 0 };
        trust.add_log_key(log)?;
        Ok(trust)
    }

    /// Trusts another key of the same log too: one from before or after a change of keys.
    pub fn or_log_key(mut self, key: VerifierKey) -> Result<Self, TrustError> {
        self.add_log_key(key)?;
        Ok(self)
    }

    /// Asks for the countersignatures of `needed` of these witnesses.
    pub fn with_witnesses(mut self, witnesses: Vec<VerifierKey>, needed: usize) -> Result<Self, TrustError> {
        if needed > witnesses.len() {
            return Err(TrustError::TooFewKnown { needed, known: witnesses.len() });
        }
        for (place, key) in witnesses.iter().enumerate() {
            if key.kind() != KeyKind::Witness {
                return Err(TrustError::Kind(key.name().clone()));
            }
            // What a witness signs does not name it, so one key under two names could pass for two witnesses; and a log
            // is no witness of itself.
            if witnesses[..place].iter().chain(&self.logs).any(|other| other.same_secret(key)) {
                return Err(TrustError::Twice(key.name().clone()));
            }
        }
        (self.witnesses, self.needed) = (witnesses, needed);
        Ok(self)
    }

    /// The log's name.
    pub fn origin(&self) -> &KeyName {
        self.logs[0].name()
    }

    /// What the log says, and who saw it, if it is signed as it should be.
    pub fn verify<'c>(&self, signed: &'c SignedCheckpoint) -> Result<(&'c Checkpoint, Vec<Cosignature>), TrustError> {
        let checkpoint = signed.unverified();
        if checkpoint.origin() != self.origin().as_str() {
            return Err(TrustError::Origin(self.origin().clone()));
        }
        let mut log_signed = false;
        for key in &self.logs {
            if let Some(signature) = signature_of(key, signed)? {
                if !key.signed(signed.text(), signature) {
                    return Err(TrustError::Wrong(key.name().clone()));
                }
                log_signed = true;
            }
        }
        if !log_signed {
            return Err(TrustError::NoLog(self.origin().clone()));
        }
        Ok((checkpoint, self.cosignatures(signed)?))
    }

    fn cosignatures(&self, signed: &SignedCheckpoint) -> Result<Vec<Cosignature>, TrustError> {
        let mut cosignatures = Vec::new();
        for key in &self.witnesses {
            if let Some(signature) = signature_of(key, signed)? {
                let wrong = || TrustError::Wrong(key.name().clone());
                let time = key.countersigned(signed.text(), signature).ok_or_else(wrong)?;
                cosignatures.push(Cosignature { witness: key.name().clone(), time });
            }
        }
        if cosignatures.len() < self.needed {
            return Err(TrustError::TooFewWitnesses { needed: self.needed, found: cosignatures.len() });
        }
        Ok(cosignatures)
    }

    fn add_log_key(&mut self, key: VerifierKey) -> Result<(), TrustError> {
        if key.kind() != KeyKind::Log {
            return Err(TrustError::Kind(key.name().clone()));
        }
        if self.logs.iter().any(|other| other.name() != key.name()) {
            return Err(TrustError::OtherLog(key.name().clone()));
        }
        if self.logs.iter().chain(&self.witnesses).any(|other| other.same_secret(&key)) {
            return Err(TrustError::Twice(key.name().clone()));
        }
        self.logs.push(key);
        Ok(())
    }
}

/// The one signature that says that it is of this key.
fn signature_of<'s>(key: &VerifierKey, signed: &'s SignedCheckpoint) -> Result<Option<&'s Signature>, TrustError> {
    let mut claims = signed.signatures().iter().filter(|signature| key.claims(signature));
    let first = claims.next();
    if claims.next().is_some() {
        return Err(TrustError::Repeated(key.name().clone()));
    }
    Ok(first)
}
