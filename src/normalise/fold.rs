//! The spelling fold K1 and the blocking key K2 of one word (DOMAIN 2.3).
//!
//! K1 undoes what three spelling reforms, Arabic transliteration and Sundanese ears do to the same name; it keeps the
//! vowels. K2 keeps little but the consonants. The passes stand in the order of the handbook and each reads the whole
//! word again: the rules feed each other, and a pass whose letters do not occur costs nothing.

/// Two buffers that the passes swap, so that folding a word allocates nothing once they are warm.
#[derive(Default)]
pub(super) struct Folder {
    word: Vec<u8>,
    next: Vec<u8>,
    /// Every letter the word has, or had before a pass took it away.
    seen: u32,
}

/// Letters that occur in a word, one bit each.
fn letters(word: &[u8]) -> u32 {
    word.iter().fold(0, |set, letter| set | bit(*letter))
}

fn bit(letter: u8) -> u32 {
    if letter.is_ascii_uppercase() { 1 << (letter - b'A') } else { 0 }
}

fn vowel(letter: Option<&u8>) -> bool {
    matches!(letter, Some(b'A' | b'E' | b'I' | b'O' | b'U'))
}

/// What a pass does at one place of a word: how many letters it eats, and what it writes for them.
type Rewrite = Option<(usize, &'static [u8])>;

impl Folder {
    /// The spelling fold K1 of an upper-case ASCII word.
    pub(super) fn k1(&mut self, word: &str) -> &str {
        self.take(word);
        self.fold();
        ascii(&self.word)
    }

    /// The blocking key K2 of an upper-case ASCII word.
    pub(super) fn k2(&mut self, word: &str) -> &str {
        self.take(word);
        self.fold();
        self.skeleton()
    }

    /// The blocking key K2 of the word that was folded last.
    pub(super) fn skeleton(&mut self) -> &str {
        self.pass("N", |w, i| match w.get(i..i + 2) {
            Some(b"NY") => Some((2, b"N")),
            _ => None,
        });
        self.pass("NG", |w, i| match w.get(i..i + 2) {
            Some(b"NG") => Some((2, b"N")),
            _ => None,
        });
        self.word.retain(|letter| *letter != b'H');
        let leading_vowel = vowel(self.word.first());
        self.word.retain(|letter| !matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U' | b'W' | b'Y'));
        for letter in &mut self.word {
            if *letter == b'J' {
                *letter = b'S';
            }
        }
        if leading_vowel {
            self.word.insert(0, b'A');
        }
        self.word.dedup();
        self.word.truncate(8);
        ascii(&self.word)
    }

    fn take(&mut self, word: &str) {
        self.word.clear();
        self.word.extend_from_slice(word.as_bytes());
        self.seen = letters(&self.word);
    }

    /// One pass from left to right, if all of `needed` occur. `at` sees the word as it was before the pass.
    #[inline]
    fn pass(&mut self, needed: &str, at: impl Fn(&[u8], usize) -> Rewrite) {
        let needed = letters(needed.as_bytes());
        if self.seen & needed != needed {
            return;
        }
        self.next.clear();
        let mut i = 0;
        while i < self.word.len() {
            if let Some((eaten, written)) = at(&self.word, i) {
                self.next.extend_from_slice(written);
                self.seen |= letters(written);
                i += eaten;
            } else {
                self.next.push(self.word[i]);
                i += 1;
            }
        }
        std::mem::swap(&mut self.word, &mut self.next);
    }

    fn fold(&mut self) {
        self.old_spelling();
        self.arabic();
        self.voiceless();
        self.vowels();
        self.silent_letters();
    }

    /// Rule 1: Van Ophuijsen and Soewandi spelling, recognised by a mark that the present spelling does not have.
    fn old_spelling(&mut self) {
        let marked = self.seen & bit(b'J') != 0
            && self.word.windows(2).any(|pair| matches!(pair, b"DJ" | b"TJ" | b"SJ"))
            || self.seen & bit(b'O') != 0 && self.word.windows(2).any(|pair| pair == b"OE")
            || self.word.starts_with(b"NJ");
        if !marked {
            return;
        }
        self.pass("", |w, i| match (w.get(i..i + 2), w[i]) {
            (Some(b"DJ"), _) => Some((2, b"J")),
            (Some(b"TJ"), _) => Some((2, b"C")),
            (Some(b"NJ"), _) => Some((2, b"NY")),
            (Some(b"SJ"), _) => Some((2, b"SY")),
            (Some(b"OE"), _) => Some((2, b"U")),
            (_, b'J') => Some((1, b"Y")),
            _ => None,
        });
    }

    /// Rule 2: CH and KH, K in its many spellings, X.
    fn arabic(&mut self) {
        let ch = |w: &[u8], i: usize| w.get(i..i + 2) == Some(b"CH");
        self.pass("CH", |w, i| {
            let hard = w.get(i + 2).is_none_or(|next| !matches!(next, b'A' | b'E' | b'I' | b'J' | b'O' | b'U'));
            (ch(w, i) && hard).then_some((2, b"H"))
        });
        self.pass("CH", |w, i| {
            let between = i > 0 && vowel(w.get(i - 1)) && vowel(w.get(i + 2));
            (ch(w, i) && between).then_some((2, b"H"))
        });
        self.pass("CH", |w, i| (i == 0 && ch(w, 0) && arabic_start(&w[2..])).then_some((2, b"H")));
        self.pass("CH", |w, i| ch(w, i).then_some((2, b"C")));
        self.pass("KH", |w, i| (w.get(i..i + 2) == Some(b"KH")).then_some((2, b"H")));
        self.pass("CK", |w, i| (w.get(i..i + 2) == Some(b"CK")).then_some((2, b"K")));
        self.pass("Q", |w, i| (w[i] == b'Q').then_some((1, b"K")));
        self.pass("X", |w, i| (w[i] == b'X').then_some((1, b"KS")));
    }

    /// Rule 3: sounds that are written in two letters or heard as another.
    fn voiceless(&mut self) {
        self.pass("SY", |w, i| match (i, w.get(..3)) {
            (0, Some(b"SYE")) if vowel(w.get(3)) => Some((3, b"S")),
            (0, Some([b'S', b'Y', next])) if vowel(Some(next)) => Some((2, b"S")),
            _ => None,
        });
        self.pass("SY", |w, i| (w.get(i..i + 2) == Some(b"SY")).then_some((2, b"S")));
        self.pass("SH", |w, i| (w.get(i..i + 2) == Some(b"SH")).then_some((2, b"S")));
        self.pass("TS", |w, i| (w.get(i..i + 2) == Some(b"TS") && vowel(w.get(i + 2))).then_some((2, b"S")));
        self.pass("DZ", |w, i| (w.get(i..i + 2) == Some(b"DZ") && vowel(w.get(i + 2))).then_some((2, b"S")));
        self.pass("H", |w, i| match w.get(i..i + 2) {
            Some(b"DH") => Some((2, b"D")),
            Some(b"TH") => Some((2, b"T")),
            Some(b"GH") => Some((2, b"G")),
            Some(b"BH") => Some((2, b"B")),
            Some(b"PH") => Some((2, b"P")),
            Some(b"ZH") => Some((2, b"S")),
            _ => None,
        });
        for letter in &mut self.word {
            match letter {
                b'V' | b'F' => *letter = b'P',
                b'Z' => *letter = b'S',
                _ => {}
            }
        }
    }

    /// Rules 4 and 5: diphthongs, and Y and W that only glide.
    fn vowels(&mut self) {
        let closed = |next: Option<&u8>| next.is_some() && !vowel(next);
        self.pass("IE", |w, i| (w.get(i..i + 2) == Some(b"IE") && !vowel(w.get(i + 2))).then_some((2, b"I")));
        self.pass("", |w, i| {
            let e = matches!(w.get(i..i + 2), Some(b"AI" | b"AE" | b"AY" | b"EI" | b"EY" | b"OI"));
            (e && closed(w.get(i + 2))).then_some((2, b"E"))
        });
        self.pass("O", |w, i| {
            let o = matches!(w.get(i..i + 2), Some(b"AO" | b"OU"));
            (o && closed(w.get(i + 2))).then_some((2, b"O"))
        });
        self.pass("AU", |w, i| (w.get(i..i + 2) == Some(b"AU") && closed(w.get(i + 2))).then_some((2, b"O")));
        let open = |next: Option<&u8>| matches!(next, Some(b'A' | b'U' | b'O' | b'E'));
        if !self.word.windows(2).any(|pair| pair == b"NY") {
            self.pass("Y", |w, i| {
                let after = i > 0 && w[i - 1].is_ascii_uppercase() && !vowel(w.get(i - 1)) && w[i - 1] != b'Y';
                (w[i] == b'Y' && after && open(w.get(i + 1))).then_some((1, b"I"))
            });
        }
        self.pass("IY", |w, i| (w.get(i..i + 2) == Some(b"IY") && open(w.get(i + 2))).then_some((2, b"I")));
        self.pass("UW", |w, i| {
            let glide = matches!(w.get(i + 2), Some(b'A' | b'I' | b'E' | b'O'));
            (w.get(i..i + 2) == Some(b"UW") && glide).then_some((2, b"U"))
        });
        if let Some(last @ b'Y') = self.word.last_mut() {
            *last = b'I';
        }
    }

    /// Rule 6: doubled letters, silent H, devoiced endings.
    fn silent_letters(&mut self) {
        self.word.dedup();
        if self.word.len() > 2 {
            self.pass("H", |w, i| (w[i] == b'H' && !vowel(w.get(i + 1))).then_some((1, b"")));
        }
        self.pass("H", |w, i| {
            let mute = i > 0
                && matches!(
                    w[i - 1],
                    b'B' | b'C' | b'D' | b'G' | b'J' | b'K' | b'L' | b'M' | b'P' | b'R' | b'S' | b'T' | b'W'
                );
            (w[i] == b'H' && mute).then_some((1, b""))
        });
        self.pass("H", |w, i| (i == 0 && w[0] == b'H' && vowel(w.get(1))).then_some((1, b"")));
        match self.word.last_mut() {
            Some(last @ b'D') => *last = b'T',
            Some(last @ b'B') => *last = b'P',
            _ => {}
        }
        self.word.dedup();
    }
}

/// What follows CH at the start of an Arabic name: CHAIRUL, CHOTIMAH, CHUSNUL; not CHANDRA.
fn arabic_start(rest: &[u8]) -> bool {
    matches!(rest, [b'A' | b'O' | b'U', b'I', ..] | [b'A' | b'O', b'E', ..])
        || [&b"OTI"[..], b"ODI", b"OL", b"USN", b"ASAN", b"USE"].iter().any(|start| rest.starts_with(start))
}

/// The passes write ASCII only, and what they read is ASCII.
fn ascii(word: &[u8]) -> &str {
    std::str::from_utf8(word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k1(word: &str) -> String {
        Folder::default().k1(word).to_owned()
    }

    #[test]
    fn k1_undoes_spelling() {
        for (word, folded) in [
            ("SOEPRIJADI", "SUPRIADI"),
            ("TJAHJADI", "CAHIADI"),
            ("WIDJAJA", "WIJAYA"),
            ("NJOMAN", "NYOMAN"),
            ("SJAHRIR", "SARIR"),
            ("SUJONO", "SUJONO"),
            ("ACHMAD", "AMAT"),
            ("BACHTIAR", "BATIAR"),
            ("CHAERUL", "ERUL"),
            ("CHANDRA", "CANDRA"),
            ("KHOTIMAH", "OTIMA"),
            ("TAUFIQ", "TOPIK"),
            ("JUNAIDI", "JUNEDI"),
            ("RIZKY", "RISKI"),
            ("XAVIER", "KSAPIR"),
            ("SYEIKH", "SI"),
            ("DZAKI", "SAKI"),
            ("UTSMAN", "UTSMAN"),
            ("DWIYONO", "DWIONO"),
            ("SUWARTO", "SUARTO"),
            ("SUHARTO", "SUHARTO"),
            ("NYOMAN", "NYOMAN"),
            ("HADIJAH", "ADIJA"),
            ("AHMAD", "AMAT"),
            ("YAKUB", "YAKUP"),
            ("AH", "AH"),
            ("H", "H"),
            ("", ""),
        ] {
            assert_eq!(k1(word), folded, "{word}");
        }
    }

    #[test]
    fn k2_keeps_the_consonants() {
        for (word, key) in [
            ("NURHAYATI", "NRT"),
            ("ASWARODI", "ASRD"),
            ("WIJAYA", "S"),
            ("NYOMAN", "NMN"),
            ("WAHYUNINGSIH", "NS"),
            ("AMBARWATININGRUMSARI", "AMBRTNRM"),
            ("AIU", "A"),
            ("", ""),
        ] {
            assert_eq!(Folder::default().k2(word), key, "{word}");
        }
    }
}
