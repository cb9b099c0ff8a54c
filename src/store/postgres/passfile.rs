//! libpq's password file: the crates that speak to PostgreSQL read none.

use std::{io, path::Path};

use super::address::PostgresUrl;

/// Finds the password in libpq's password file, which others must not be able to read.
pub(super) fn password_for(url: &PostgresUrl, file: &Path) -> io::Result<Option<String>> {
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::metadata(file)?.permissions().mode() & 0o077 != 0;
    if open {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may read it; `chmod 600` it"));
    }
    let host = if url.is_socket() { "localhost" } else { &url.host };
    let wanted = [host, &url.port.to_string(), &url.database, &url.user];
    let text = std::fs::read_to_string(file)?;
    Ok(text.lines().filter(|line| !line.starts_with('#')).find_map(|line| password_in(line, wanted)))
}

/// The password of a line `HOST:PORT:DATABASE:USER:PASSWORD`, where `*` fits everything and `\` makes a character plain.
fn password_in(line: &str, wanted: [&str; 4]) -> Option<String> {
    let (mut fields, mut plain) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '\\' if !plain => plain = true,
            ':' if !plain && fields.len() < 5 => fields.push(String::new()),
            _ => {
                fields.last_mut()?.push(c);
                plain = false;
            }
        }
    }
    let fits = fields.len() == 5 && fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
    fits.then(|| fields.swap_remove(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_password_file() {
        let wanted = ["db", "5432", "hub", "padan"];
        let check =
            |line: &str, expected: Option<&str>| assert_eq!(password_in(line, wanted).as_deref(), expected, "{line}");
        check("db:5432:hub:padan:rahasia", Some("rahasia"));
        check("*:*:*:padan:ra:ha\\\\sia\\:", Some("ra:ha\\sia:"));
        check("*:*:*:*:", Some(""));
        check("db:5433:hub:padan:rahasia", None);
        check("db:5432:hub:padan", None);
        check("", None);
    }
}
