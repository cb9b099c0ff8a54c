//! Makes the dictionary with which values are packed (`service/codec.rs`) from a store of synthetic rows.
//!
//! A dictionary is a promise: values packed with it need it for ever. So a new one gets a new number beside the old.
//!
//! ```text
//! padan demo --exit --dir demo
//! cargo run --release --example kamus -- redb:demo/store config/codec/kamus-1.zdict
//! ```

use std::error::Error;

use padan::store::{Config, Read, StoreUrl, Table, open_to_read};

/// Bytes of the dictionary: a page table of it stays in the cache of a core.
const SIZE: usize = 48 << 10;

/// Values of each table that are looked at: no table drowns the others.
const SAMPLES: usize = 6_000;

/// The first byte of a value that is not packed.
const PLAIN: u8 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: kamus STORE FILE".into());
    };
    let store = open_to_read(&url.parse::<StoreUrl>()?, &Config::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut samples: Vec<Vec<u8>> = Vec::new();
    for table in Table::ALL {
        let rows = runtime.block_on(store.scan(table, Vec::new(), None, Config::default().max_read_rows))?;
        let step = rows.len().div_ceil(SAMPLES).max(1);
        let plain =
            rows.into_iter().step_by(step).filter_map(|(_, value)| Some(value.strip_prefix(&[PLAIN])?.to_vec()));
        samples.extend(plain);
    }
    let dictionary = zstd::dict::from_samples(&samples, SIZE)?;
    std::fs::write(out, dictionary)?;
    Ok(())
}
