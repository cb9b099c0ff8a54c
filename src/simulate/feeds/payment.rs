//! `bank-penyaluran`: what was paid to the accounts of the programmes, over several periods.

use super::Desk;
use crate::domain::date::{Date, Period};
use crate::domain::money::Rupiah;
use crate::domain::row::{Detail, Penyaluran, PersonCore};
use crate::simulate::dates::{days_after, some_day_before};
use crate::simulate::family::{Account, Family, quarterly};

pub(super) fn write(desk: &mut Desk) {
    let family = desk.family();
    for account in family.accounts.iter().filter(|account| account.paid) {
        let periods = desk.context.periods;
        if family.aid.pkh {
            let amount = quarter_amount(desk, family);
            for (turn, period) in periods.quarters.into_iter().enumerate() {
                let days = [(4, 19), (70, 92), (160, 173)][turn];
                pay(desk, account, ("PKH", period, amount), days);
            }
        }
        if family.aid.sembako {
            let earlier = desk.dice.chance(0.37);
            let months = if earlier { 3 } else { 2 };
            for (turn, period) in periods.months.into_iter().enumerate().take(months) {
                let days = [(4, 12), (35, 43), (155, 170)][turn];
                pay(desk, account, ("SEMBAKO", period, 200_000), days);
            }
        }
    }
}

fn quarter_amount(desk: &Desk, family: &Family) -> i64 {
    let components = family.components(desk.as_of(), desk.context.world.elderly_min);
    components.iter().map(|(_, kind)| quarterly(kind)).sum::<i64>().max(225_000)
}

fn pay(desk: &mut Desk, account: &Account, what: (&str, Period, i64), days: (i32, i32)) {
    let (program, period, amount) = what;
    let as_of = desk.as_of();
    let paid_on = some_day_before(as_of, days.0, days.1, &mut desk.dice);
    let paid_on = if paid_on < period.start() { period.start().min(as_of) } else { paid_on };
    let failed = !account.idle && desk.dice.chance(0.006);
    let (status, used, code) = if failed {
        let (status, code) = desk.dice.pick(&[
            ("RETUR", "REK_TUTUP"),
            ("GAGAL", "REK_TUTUP"),
            ("GAGAL", "REK_TIDAK_DIKENAL"),
            ("RETUR", "NAMA_TIDAK_SESUAI"),
        ]);
        (status, None, Some(code))
    } else if account.idle {
        (if desk.dice.chance(0.85) { "TIDAK_TRANSAKSI" } else { "BERHASIL" }, None, None)
    } else {
        let wait = desk.dice.between(0, 12);
        ("BERHASIL", Some(days_after(paid_on, wait).min(as_of)), None)
    };
    let tgl_data = reported(paid_on, used, as_of);
    let detail = Penyaluran {
        kode_bank: account.bank.to_owned(),
        no_rekening: account.number.clone(),
        program: program.to_owned(),
        periode: Some(period),
        nominal: Rupiah(amount),
        tgl_topup: Some(paid_on),
        status_salur: status.to_owned(),
        kode_gagal: code.map(str::to_owned),
        tgl_transaksi_terakhir: used,
    };
    desk.file_on(tgl_data, None, PersonCore::default(), Detail::Penyaluran(Box::new(detail)));
}

/// The bank reports a payment when it was used or failed; unused ones are reported as of today.
fn reported(paid_on: Date, used: Option<Date>, as_of: Date) -> Date {
    used.unwrap_or(if crate::domain::date::days_between(paid_on, as_of) < 15 { paid_on } else { as_of })
}
