//! A row as one line of JSON, its fields in the order of `FEEDS.md`. Absent fields are left out.

use std::fmt::Write;

use super::feeds::Row;
use crate::domain::date::Date;
use crate::domain::row::{
    AnggotaKeluarga, Detail, KepesertaanJkn, LayananKia, Penyaluran, PersonCore, PesertaDidik, Rekening,
};

/// Writes a row as one JSON object without a line end.
pub(crate) fn write(row: &Row) -> String {
    let mut line = Line(String::with_capacity(512));
    line.0.push('{');
    line.text("id_sumber", &row.id_sumber);
    line.day("tgl_data", Some(row.tgl_data));
    write_core(&mut line, &row.core);
    match &row.detail {
        Detail::Anggota(entry) => write_member(&mut line, entry),
        Detail::Siswa(pupil) => write_pupil(&mut line, pupil),
        Detail::Jkn(card) => write_card(&mut line, card),
        Detail::Kia(service) => write_service(&mut line, service),
        Detail::Rekening(account) => write_account(&mut line, account),
        Detail::Penyaluran(payment) => write_payment(&mut line, payment),
    }
    line.0.push('}');
    line.0
}

struct Line(String);

impl Line {
    fn key(&mut self, key: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        for letter in text.chars() {
            match letter {
                '"' | '\\' => self.0.extend(['\\', letter]),
                _ => self.0.push(letter),
            }
        }
        self.0.push('"');
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.quoted(text);
    }

    fn some_text(&mut self, key: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn day(&mut self, key: &str, day: Option<Date>) {
        if let Some(day) = day {
            self.raw(key, Some(format_args!("\"{day}\"")));
        }
    }

    fn raw(&mut self, key: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.key(key);
            write!(self.0, "{value}").expect("writing to a string does not fail");
        }
    }
}

fn write_core(line: &mut Line, core: &PersonCore) {
    line.some_text("nik", core.nik.as_ref());
    line.some_text("no_kk", core.no_kk.as_ref());
    line.some_text("nama", core.nama.as_ref());
    line.some_text("tempat_lahir", core.tempat_lahir.as_ref());
    line.day("tanggal_lahir", core.tanggal_lahir);
    if let Some(sex) = core.jenis_kelamin {
        line.text("jenis_kelamin", sex.code());
    }
    line.some_text("nama_ibu_kandung", core.nama_ibu_kandung.as_ref());
    line.some_text("alamat", core.alamat.as_ref());
    line.some_text("rt", core.rt.as_ref());
    line.some_text("rw", core.rw.as_ref());
    line.some_text("kode_desa", core.kode_desa.as_ref());
    line.some_text("kode_kecamatan", core.kode_kecamatan.as_ref());
    line.some_text("no_hp", core.no_hp.as_ref());
}

fn write_member(line: &mut Line, entry: &AnggotaKeluarga) {
    line.text("id_keluarga", &entry.id_keluarga);
    line.some_text("id_dtsen", entry.id_dtsen.as_ref());
    line.some_text("no_peserta_pkh", entry.no_peserta_pkh.as_ref());
    line.raw("hubungan_keluarga", entry.hubungan_keluarga);
    line.raw("status_perkawinan", entry.status_perkawinan);
    line.some_text("pekerjaan", entry.pekerjaan.as_ref());
    line.raw("desil", entry.desil);
    if !entry.program.is_empty() {
        line.key("program");
        for (at, enrolment) in entry.program.iter().enumerate() {
            line.0.push_str(if at == 0 { "[{" } else { ",{" });
            line.text("kode", &enrolment.kode);
            line.text("status", &enrolment.status);
            line.raw("periode", enrolment.periode.map(|period| format!("\"{period}\"")));
            line.0.push('}');
        }
        line.0.push(']');
    }
    if !entry.komponen_pkh.is_empty() {
        line.raw("komponen_pkh", Some(format_args!("[\"{}\"]", entry.komponen_pkh.join("\",\""))));
    }
    line.some_text("status_kepesertaan", entry.status_kepesertaan.as_ref());
    line.some_text("status_padan_dukcapil", entry.status_padan_dukcapil.as_ref());
    line.day("tgl_meninggal", entry.tgl_meninggal);
    line.some_text("alasan_nonaktif", entry.alasan_nonaktif.as_ref());
    line.some_text("nama_pendamping", entry.nama_pendamping.as_ref());
}

fn write_pupil(line: &mut Line, pupil: &PesertaDidik) {
    line.some_text("nisn", pupil.nisn.as_ref());
    line.text("npsn", &pupil.npsn);
    line.some_text("nama_sekolah", pupil.nama_sekolah.as_ref());
    line.text("jenjang", &pupil.jenjang);
    line.raw("kelas", pupil.kelas);
    line.text("status_siswa", &pupil.status_siswa);
    line.some_text("nama_ayah", pupil.nama_ayah.as_ref());
    line.some_text("nik_ayah", pupil.nik_ayah.as_ref());
    line.some_text("nik_ibu", pupil.nik_ibu.as_ref());
    line.some_text("nik_wali", pupil.nik_wali.as_ref());
    line.some_text("nomor_kip", pupil.nomor_kip.as_ref());
    line.raw("penerima_kps_pkh", pupil.penerima_kps_pkh);
    line.raw("layak_pip", pupil.layak_pip);
    line.some_text("pip_status", pupil.pip_status.as_ref());
    line.raw("pip_tahun", pupil.pip_tahun);
    line.raw("pip_nominal", pupil.pip_nominal.map(|amount| amount.0));
    line.raw("kehadiran_persen", pupil.kehadiran_persen);
}

fn write_card(line: &mut Line, card: &KepesertaanJkn) {
    line.text("no_jkn", &card.no_jkn);
    line.text("segmen", &card.segmen);
    line.text("status_jkn", &card.status_jkn);
    line.some_text("faskes_tk1", card.faskes_tk1.as_ref());
    line.day("tgl_mulai", card.tgl_mulai);
    line.day("tgl_nonaktif", card.tgl_nonaktif);
    line.day("tgl_meninggal", card.tgl_meninggal);
}

fn write_service(line: &mut Line, service: &LayananKia) {
    line.text("jenis", &service.jenis);
    line.day("hpht", service.hpht);
    line.day("hpl", service.hpl);
    line.day("tgl_anc_terakhir", service.tgl_anc_terakhir);
    line.raw("anc_ke", service.anc_ke);
    line.day("tgl_ukur", service.tgl_ukur);
    line.raw("berat_kg", service.berat_kg);
    line.raw("tinggi_cm", service.tinggi_cm);
    line.some_text("posyandu", service.posyandu.as_ref());
    line.some_text("nik_ibu", service.nik_ibu.as_ref());
    line.some_text("status_gizi", service.status_gizi.as_ref());
    line.raw("imunisasi_lengkap", service.imunisasi_lengkap);
    line.some_text("ragam", service.ragam.as_ref());
    line.some_text("derajat", service.derajat.as_ref());
}

fn write_account(line: &mut Line, account: &Rekening) {
    line.text("kode_bank", &account.kode_bank);
    line.text("no_rekening", &account.no_rekening);
    line.some_text("cif", account.cif.as_ref());
    line.some_text("jenis_rekening", account.jenis_rekening.as_ref());
    line.text("status_rekening", &account.status_rekening);
    line.some_text("no_kks_akhir4", account.no_kks_akhir4.as_ref());
    line.raw("kks_diserahkan", account.kks_diserahkan);
    line.day("tgl_serah_kks", account.tgl_serah_kks);
}

fn write_payment(line: &mut Line, payment: &Penyaluran) {
    line.text("kode_bank", &payment.kode_bank);
    line.text("no_rekening", &payment.no_rekening);
    line.text("program", &payment.program);
    line.raw("periode", payment.periode.map(|period| format!("\"{period}\"")));
    line.raw("nominal", Some(payment.nominal.0));
    line.day("tgl_topup", payment.tgl_topup);
    line.text("status_salur", &payment.status_salur);
    line.some_text("kode_gagal", payment.kode_gagal.as_ref());
    line.day("tgl_transaksi_terakhir", payment.tgl_transaksi_terakhir);
}
