//! A strict reading of one JSON text: `serde_json` keeps the last of two equal keys and says nothing, this says it.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A JSON text that could be read.
pub(super) struct Strict {
    pub(super) value: Value,
    /// JSON pointers of keys that stand twice in one object.
    pub(super) duplicates: Vec<String>,
}

/// Why a text could not be read. Columns count bytes from 1.
pub(super) enum Malformed {
    Syntax { column: usize },
    CutOff,
    TooDeep,
}

/// Reads a text; objects and lists may stand `depth` deep inside each other.
pub(super) fn parse_strict(text: &str, depth: u8) -> Result<Strict, Malformed> {
    let mut notes = Notes { duplicates: Vec::new(), too_deep: false };
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Node { notes: &mut notes, depth_left: depth };
    let parsed = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match parsed {
        Ok(value) => Ok(Strict { value, duplicates: notes.duplicates }),
        Err(_) if notes.too_deep => Err(Malformed::TooDeep),
        Err(error) if error.is_eof() => Err(Malformed::CutOff),
        Err(error) => Err(Malformed::Syntax { column: error.column() }),
    }
}

/// One step of a JSON pointer, escaped (RFC 6901).
pub(super) fn pointer_step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

struct Notes {
    /// Relative to the value being read: every container puts its own step in front when it is done.
    duplicates: Vec<String>,
    too_deep: bool,
}

struct Node<'n> {
    notes: &'n mut Notes,
    depth_left: u8,
}

impl Node<'_> {
    /// Puts a step in front of what was noted since there were `known` notes: inside the value that was just read.
    fn locate(&mut self, known: usize, step: impl FnOnce() -> String) {
        if self.notes.duplicates.len() > known {
            let step = step();
            for pointer in &mut self.notes.duplicates[known..] {
                pointer.insert_str(0, &step);
            }
        }
    }

    /// Enters an object or a list.
    fn descend<E: serde::de::Error>(&mut self) -> Result<u8, E> {
        self.depth_left.checked_sub(1).ok_or_else(|| {
            self.notes.too_deep = true;
            E::custom("too deep")
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let depth_left = self.descend()?;
        let mut items = Vec::new();
        loop {
            let known = self.notes.duplicates.len();
            let Some(item) = list.next_element_seed(Node { notes: self.notes, depth_left })? else { break };
            self.locate(known, || format!("/{}", items.len()));
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Value, A::Error> {
        let depth_left = self.descend()?;
        let mut map = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let known = self.notes.duplicates.len();
            let value = object.next_value_seed(Node { notes: self.notes, depth_left })?;
            self.locate(known, || pointer_step(&key));
            match map.entry(key) {
                serde_json::map::Entry::Vacant(free) => {
                    free.insert(value);
                }
                serde_json::map::Entry::Occupied(taken) => self.notes.duplicates.push(pointer_step(taken.key())),
            }
        }
        Ok(Value::Object(map))
    }
}
