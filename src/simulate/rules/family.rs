//! Rules about a family as the registry shows it.

use std::collections::BTreeSet;

use super::{Bench, active, evidence};
use crate::domain::feed::Feed;
use crate::simulate::truth::Expected;

const SERVANTS: [&str; 4] = ["TNI", "POLRI", "PNS", "PENSIUNAN PNS"];

pub(super) fn judge(bench: &mut Bench) {
    let all = bench.entries(None);
    // A guest's row shows the host's programmes, not this family's.
    let own: Vec<_> = all
        .into_iter()
        .filter(|(_, entry)| {
            entry.id_keluarga == bench.family.aid.household || second_household(bench, &entry.id_keluarga)
        })
        .collect();
    let on = |code: &str| own.iter().any(|(_, entry)| active(entry, code));
    let (pkh, sembako, blt) = (on("PKH"), on("SEMBAKO"), on("BLT_DD"));
    let decile = own.first().and_then(|(_, entry)| entry.desil).unwrap_or_default();
    if pkh && !sembako {
        bench.gap("G04", None, Feed::AnggotaKeluarga, "PKH aktif; program SEMBAKO tidak ada".to_owned());
    }
    if pkh || sembako {
        without_card(bench);
    }
    let numbers: BTreeSet<&str> = own.iter().filter_map(|(_, entry)| entry.no_peserta_pkh.as_deref()).collect();
    if numbers.len() > 1 {
        let numbers = numbers.into_iter().collect::<Vec<_>>().join(" dan ");
        let note = format!("dua no_peserta_pkh {numbers}; no_kk={}", bench.family.home.card);
        bench.find("O02", None, Expected::Overlap, note);
    }
    if pkh && blt {
        let note = format!("PKH dan BLT_DD aktif; id_keluarga={}", bench.family.aid.household);
        bench.find("O04", None, Expected::Overlap, note);
    }
    if pkh || sembako || blt {
        servants(bench);
    }
    if (pkh && decile > 4) || (sembako && decile > 5) {
        let code = if pkh { "PKH" } else { "SEMBAKO" };
        bench.find("O13", None, Expected::Overlap, format!("{code} aktif; desil={decile}"));
    }
}

fn second_household(bench: &Bench, household: &str) -> bool {
    bench.family.aid.split.as_ref().is_some_and(|(second, ..)| second == household)
}

/// No active account with a card that was handed over (G05).
fn without_card(bench: &mut Bench) {
    let accounts = bench.accounts();
    if accounts.iter().any(|(_, account)| account.status_rekening == "AKTIF" && account.kks_diserahkan == Some(true)) {
        return;
    }
    let note = match accounts.first() {
        None => "tidak ada baris bank-rekening".to_owned(),
        Some((row, account)) => {
            let cause =
                if account.status_rekening == "AKTIF" { "KKS_BELUM_DISERAHKAN" } else { &account.status_rekening };
            format!("{}; {cause}", evidence([*row]))
        }
    };
    bench.gap("G05", None, Feed::Rekening, note);
}

fn servants(bench: &mut Bench) {
    for member in 0..bench.family.members.len() {
        let jobs = bench.entries(Some(member)).into_iter().filter_map(|(_, entry)| entry.pekerjaan.as_deref());
        if let Some(job) = jobs.into_iter().find(|job| SERVANTS.contains(job)) {
            bench.find("O06", Some(member), Expected::Overlap, format!("pekerjaan={job}"));
        }
    }
}
