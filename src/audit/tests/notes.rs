//! Keys, signatures and checkpoints: what is read, what is refused, and with which words.

use super::*;

/// A signed checkpoint as text, with one piece replaced.
fn with(old: &str, new: &str) -> String {
    let text = Log::of(5).checkpoint(5).to_string();
    assert!(text.contains(old), "{old:?} is in {text}");
    text.replacen(old, new, 1)
}

fn outcome(text: &str, trust: &Trust) -> String {
    match SignedCheckpoint::parse(text.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(signed) => match trust.verify(&signed) {
            Err(error) => error.to_string(),
            Ok((checkpoint, cosignatures)) => format!("{} by {}", checkpoint.head().size, cosignatures.len()),
        },
    }
}

#[test]
fn a_checkpoint_is_verified_and_says_who_saw_it() {
    let signed = Log::of(5).checkpoint(5);
    let trust = trust();
    let (checkpoint, cosignatures) = trust.verify(&signed).unwrap();
    assert_eq!(checkpoint.head(), Log::of(5).frontier.head());
    let witness = "witness.example/w1".parse().unwrap();
    assert_eq!(cosignatures, [Cosignature { witness, time: TIME }]);
    assert_eq!(SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap(), signed);
}

#[test]
fn malformed_checkpoints_are_refused() {
    let unsigned = "a signed note has signature lines after an empty line and ends with a line end, and this has not";
    let not_text = "a signed note is UTF-8 text without control characters, and this is not";
    let lines = "a checkpoint has at least three lines and none that is empty, and this has not";
    let size = "the second line of a checkpoint is the number of entries, and this is not";
    let root = "the third line of a checkpoint is the root as base64, and this is not";
    let first = "signature line 1 is not a dash, a name and base64";
    let text = with("", "");
    let rows = [
        (String::new(), unsigned),
        (text.trim_end().to_owned(), unsigned),
        (format!("{text}\n"), unsigned),
        (with("\n\n", "\n"), unsigned),
        (with("\n\n", "\n\n\n"), lines),
        (with("audit\n", "audit\r\n"), not_text),
        (with("audit\n", "\t\n"), not_text),
        (with(ORIGIN, ""), lines),
        (with("\n5\n", "\n"), lines),
        (with("\n5\n", "\n05\n"), size),
        (with("\n5\n", "\n+5\n"), size),
        (with("\n5\n", "\n-5\n"), size),
        (with("\n5\n", "\n 5\n"), size),
        (with("\n5\n", "\n18446744073709551616\n"), size),
        (with("=\n\n", "\n\n"), root),
        (with("=\n\n", "= \n\n"), root),
        (with("=\n\n", "=\n\nrest\n"), first),
        (with("\u{2014}", "-"), first),
        (with("\u{2014} ", "\u{2014}  "), first),
        (format!("{text}{}", "\u{2014} a YWJjZGU=\n".repeat(99)), "a signed note has more than 100 signatures"),
        (format!("{text}\u{2014} a YWJjZA==\n"), "signature line 3 is not a dash, a name and base64"),
        (format!("{text}\u{2014} a YWJjZGV=\n"), "signature line 3 is not a dash, a name and base64"),
        (format!("{text}\u{2014} a+b YWJjZGU=\n"), "signature line 3 is not a dash, a name and base64"),
    ];
    for (text, sentence) in rows {
        assert_eq!(outcome(&text, &trust()), sentence, "{text:?}");
    }
}

#[test]
fn signatures_count_by_key() {
    let text = with("", "");
    let line = |number: usize| text.lines().nth(number).unwrap().to_owned();
    let (by_log, by_witness) = (line(4), line(5));
    let without = |line: &str| text.replace(&format!("{line}\n"), "");
    let only = Trust::new(log_signer().verifier_key().clone()).unwrap();
    let rows = [
        (text.clone(), trust(), "5 by 1"),
        (text.clone(), only.clone(), "5 by 0"),
        (without(&by_witness), only.clone(), "5 by 0"),
        (without(&by_witness), trust(), "0 known witnesses countersigned, and 1 are needed"),
        (without(&by_log), trust(), "the checkpoint is not signed by the log padan.example/audit"),
        (format!("{text}{by_log}\n"), trust(), "padan.example/audit signed more than once"),
        (format!("{text}\u{2014} padan.example/audit AAAAAAAA\n"), trust(), "5 by 1"),
        (with("\n5\n", "\n6\n"), trust(), "the signature of padan.example/audit does not belong to this checkpoint"),
        (with(ORIGIN, "padan.example/other"), trust(), "the checkpoint is not of the log padan.example/audit"),
        (
            text.replace(&by_witness, &by_witness.replace("w1 ", "w2 ")),
            trust(),
            "0 known witnesses countersigned, and 1 are needed",
        ),
    ];
    for (text, trust, sentence) in rows {
        assert_eq!(outcome(&text, &trust), sentence, "{text}");
    }
}

#[test]
fn a_countersignature_is_of_its_time() {
    let mut signed = Checkpoint::new(&ORIGIN.parse().unwrap(), Log::of(5).frontier.head()).sign(&log_signer());
    let signature = signed.countersign(&witness(1), TIME);
    let [mut earlier, mut later] = [signature.bytes().to_vec(), signature.bytes().to_vec()];
    earlier[7] ^= 1;
    later[0] = 0x80;
    for bytes in [earlier, later, signature.bytes()[..8].to_vec()] {
        let mut signed = signed.clone();
        signed.add(Signature::new(signature.name().clone(), signature.id(), bytes));
        let wrong = TrustError::Wrong("witness.example/w1".parse().unwrap());
        assert_eq!(trust().verify(&signed).unwrap_err(), wrong);
    }
    signed.add(signature.to_string().parse().unwrap());
    assert!(trust().verify(&signed).is_ok());
}

#[test]
fn a_log_may_change_its_key() {
    let old = log_signer();
    let new = LogSigner::from_seed(ORIGIN.parse().unwrap(), &[2; 32]);
    let head = Log::of(5).frontier.head();
    let both = Trust::new(new.verifier_key().clone()).unwrap().or_log_key(old.verifier_key().clone()).unwrap();
    for signer in [&old, &new] {
        assert!(both.verify(&Checkpoint::new(signer.origin(), head).sign(signer)).is_ok());
    }
    let only = Trust::new(new.verifier_key().clone()).unwrap();
    let of_old = Checkpoint::new(old.origin(), head).sign(&old);
    assert_eq!(only.verify(&of_old).unwrap_err(), TrustError::NoLog(ORIGIN.parse().unwrap()));
}

#[test]
fn keys_that_do_not_fit_are_refused() {
    let (log, w1) = (log_signer().verifier_key().clone(), witness(1).verifier_key().clone());
    let other: LogSigner = LogSigner::from_seed("padan.example/other".parse().unwrap(), &[2; 32]);
    let itself = WitnessSigner::from_seed("witness.example/self".parse().unwrap(), &[1; 32]);
    let again = WitnessSigner::from_seed("witness.example/alias".parse().unwrap(), &[101; 32]);
    let base = || Trust::new(log.clone()).unwrap();
    let rows = [
        (
            Trust::new(w1.clone()),
            "the key witness.example/w1 is of the other kind: a log signs with one of type 1, a witness with one of type 4",
        ),
        (base().or_log_key(other.verifier_key().clone()), "the key padan.example/other is of another log"),
        (base().or_log_key(log.clone()), "the key padan.example/audit is there twice, perhaps under two names"),
        (base().with_witnesses(vec![], 1), "1 witnesses are asked for, and 0 are known"),
        (
            base().with_witnesses(vec![itself.verifier_key().clone()], 1),
            "the key witness.example/self is there twice, perhaps under two names",
        ),
        (
            base().with_witnesses(vec![w1, again.verifier_key().clone()], 2),
            "the key witness.example/alias is there twice, perhaps under two names",
        ),
    ];
    for (result, sentence) in rows {
        assert_eq!(result.unwrap_err().to_string(), sentence);
    }
}

#[test]
fn keys_are_read_as_they_are_written() {
    let key = log_signer().verifier_key().clone();
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key));
    let (name, rest) = text.split_once('+').unwrap();
    let (id, encoded) = rest.split_once('+').unwrap();
    let rows = [
        (String::new(), KeyError::Form),
        (format!("{name}+{id}"), KeyError::Form),
        (format!("{name}+{id}+{encoded}="), KeyError::Form),
        (format!("{name}+{id}+AQ=="), KeyError::Form),
        (format!("{name}+{id}+{}", encoded.replacen('A', "B", 1)), KeyError::Type(5)),
        (format!("{name}+{}+{encoded}", id.to_uppercase()), KeyError::Id),
        (format!("other+{id}+{encoded}"), KeyError::Id),
        (format!("+{id}+{encoded}"), KeyError::Name),
        (format!("a b+{id}+{encoded}"), KeyError::Name),
    ];
    for (text, error) in rows {
        assert_eq!(text.parse::<VerifierKey>(), Err(error), "{text}");
    }
}

#[test]
fn a_signing_key_is_read_as_it_was_written() {
    for kind in [KeyKind::Log, KeyKind::Witness] {
        let key = SigningKey::new(ORIGIN.parse().unwrap(), kind, [1; 32]);
        let text = key.to_text();
        let again: SigningKey = format!("{text}\n").parse().unwrap();
        assert_eq!((again.to_text(), again.verifier_key()), (text.clone(), key.verifier_key()));
        assert_eq!(again.log().is_ok(), kind == KeyKind::Log);
        assert_eq!(again.witness().is_ok(), kind == KeyKind::Witness);
        assert!(!format!("{again:?}").contains("1, 1"), "the secret is not shown");
        for wrong in [&text[1..], &text.replacen("padan", "pedan", 1), &text[..text.len() - 4], ""] {
            assert!(wrong.parse::<SigningKey>().is_err(), "{wrong}");
        }
    }
    assert_eq!(
        SigningKey::new(ORIGIN.parse().unwrap(), KeyKind::Log, [1; 32]).verifier_key(),
        *log_signer().verifier_key()
    );
}
