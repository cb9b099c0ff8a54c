//! Rules about accounts and payments.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bench, evidence, finding};
use crate::domain::date::days_between;
use crate::domain::row::{Detail, Penyaluran};
use crate::simulate::context::Context;
use crate::simulate::feeds::Row;
use crate::simulate::neighbourhood::Neighbourhood;
use crate::simulate::truth::{Expected, FindingRow};

/// Days after which money that nobody touched is a finding (Q01).
const UNTOUCHED_DAYS: i32 = 105;

pub(super) fn judge(bench: &mut Bench) {
    two_cards(bench);
    untouched(bench);
    let named: Vec<_> =
        bench.family.accounts.iter().filter_map(|account| account.foreign_name.as_ref().map(|_| account)).collect();
    for account in named {
        let rows = bench.accounts();
        let Some((row, _)) = rows.iter().find(|(_, entry)| entry.no_rekening == account.number) else { continue };
        let name = row.core.nama.as_deref().unwrap_or_default();
        let note = format!("{}; nama rekening {name} bukan nama pemegang", evidence([*row]));
        bench.find("Q02", Some(account.holder), Expected::Quality, note);
    }
}

/// One person with two active accounts of the programmes (O09).
fn two_cards(bench: &mut Bench) {
    for member in 0..bench.family.members.len() {
        let mut cards: BTreeMap<&str, &Row> = BTreeMap::new();
        for (row, account) in bench.accounts() {
            let active = account.status_rekening == "AKTIF" && account.kks_diserahkan == Some(true);
            if active && row.member == Some(member) {
                cards.entry(&account.no_rekening).or_insert(row);
            }
        }
        if cards.len() > 1 {
            let note = format!("{}; dua rekening KKS aktif", evidence(cards.into_values()));
            bench.find("O09", Some(member), Expected::Overlap, note);
        }
    }
}

fn untouched(bench: &mut Bench) {
    let as_of = bench.as_of();
    let payments: Vec<(&Row, &Penyaluran)> = bench
        .about(None)
        .filter_map(|row| if let Detail::Penyaluran(payment) = &row.detail { Some((row, &**payment)) } else { None })
        .collect();
    let accounts: BTreeSet<&str> = payments.iter().map(|(_, payment)| payment.no_rekening.as_str()).collect();
    for number in accounts {
        let of_account = || payments.iter().filter(|(_, payment)| payment.no_rekening == number);
        let used = of_account().filter_map(|(_, payment)| payment.tgl_transaksi_terakhir).max();
        let stale = of_account().find(|(_, payment)| {
            let paid = matches!(payment.status_salur.as_str(), "BERHASIL" | "TIDAK_TRANSAKSI");
            payment.tgl_topup.is_some_and(|day| {
                paid && days_between(day, as_of) > UNTOUCHED_DAYS && used.is_none_or(|used| used < day)
            })
        });
        let holder =
            bench.family.accounts.iter().find(|account| account.number == number).map(|account| account.holder);
        if let Some((row, _)) = stale {
            let note = format!("{}; no_rekening={number}; > {UNTOUCHED_DAYS} hari tanpa transaksi", evidence([*row]));
            bench.find("Q01", holder, Expected::Quality, note);
        }
    }
}

/// One account for two families (O08): a finding for each holder.
pub(super) fn judge_shared(context: &Context, hood: &Neighbourhood, rows: &[Row], found: &mut Vec<FindingRow>) {
    let mut holders: BTreeMap<&str, BTreeMap<(usize, Option<usize>), &Row>> = BTreeMap::new();
    for row in rows {
        if let Detail::Rekening(account) = &row.detail {
            holders.entry(&account.no_rekening).or_default().entry((row.family, row.member)).or_insert(row);
        }
    }
    for (number, holders) in holders {
        let families: BTreeSet<usize> = holders.keys().map(|(family, _)| *family).collect();
        if families.len() < 2 {
            continue;
        }
        for ((family, member), row) in &holders {
            let others = holders.values().filter(|other| other.id_sumber != row.id_sumber);
            let note = format!("{}; no_rekening={number}", evidence(std::iter::once(*row).chain(others.copied())));
            found.push(finding(context, &hood.families[*family], "O08", *member, (Expected::Overlap, note)));
        }
    }
}
