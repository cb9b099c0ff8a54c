//! Where a PostgreSQL store is: an address in libpq's manner, read once, whose password is never shown.

use std::{fmt, path::PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};

/// All that RFC 3986 does not call unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ESCAPED_IN_PATHS: &AsciiSet = &ESCAPED.remove(b'/');

/// `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE`, with `?schema=`, `sslmode=`, `sslrootcert=`, `passfile=` and
/// `host=` behind it where they are needed.
///
/// `Display` and `Debug` show `***` in place of the password; only [`complete`](Self::complete) writes it out.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) user: String,
    pub(super) password: Option<String>,
    /// A name, an address, or the folder of a Unix socket.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) schema: String,
    pub(super) tls: TlsMode,
    pub(super) authority: Option<PathBuf>,
    pub(super) passfile: Option<PathBuf>,
}

/// What is asked of TLS; names and meanings are libpq's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TlsMode {
    /// None.
    Disable,
    /// When the server has it; nothing is verified.
    Prefer,
    /// Always; nothing is verified.
    Require,
    /// Always, with a certificate of the authority, for whatever name.
    VerifyCa,
    /// Always, with a certificate of the authority for the name asked for.
    VerifyFull,
}

/// Why a text is not the address of a PostgreSQL store. Nothing of the text is repeated but names of parameters: any
/// part may hold a password that was written without escapes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    /// A part is missing or cannot be read.
    #[error("'postgres:' needs {part}, as in 'postgres://padan@db.example/padan' (escape other characters as %40)")]
    Part {
        /// Which one.
        part: &'static str,
    },
    /// A parameter that means nothing here.
    #[error("'postgres:' knows no parameter '{name}'; there are schema, sslmode, sslrootcert, passfile and host")]
    Parameter {
        /// Its name, at most 20 characters of it.
        name: String,
    },
    /// A parameter's value is none of those it may have.
    #[error("'{parameter}' of 'postgres:' has to be {expected}")]
    Value {
        /// Which parameter.
        parameter: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// A certificate can only be verified by an authority.
    #[error("sslmode={mode} needs 'sslrootcert=FILE', the certificate of the authority that vouches for the server")]
    NoAuthority {
        /// The mode in force; for servers elsewhere `verify-full` when none is named.
        mode: &'static str,
    },
}

impl TlsMode {
    const ALL: [Self; 5] = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    /// Whether the server has to show a certificate that somebody vouches for.
    pub(super) fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }
}

impl PostgresUrl {
    /// Reads what stands behind `postgres:`.
    pub(in crate::store) fn parse(rest: &str) -> Result<Self, PostgresUrlError> {
        let missing = |part| PostgresUrlError::Part { part };
        let rest = rest.strip_prefix("//").ok_or(missing("'//' behind it"))?;
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (server, database) = place.split_once('/').ok_or(missing("the name of a database"))?;
        let (login, host) = server.rsplit_once('@').ok_or(missing("a user"))?;
        let (user, password) = login.split_once(':').map_or((login, None), |(user, word)| (user, Some(word)));
        let (host, port) = host_and_port(host).ok_or(missing("a host and a port"))?;
        let mut url = Self {
            user: part(user).ok_or(missing("a user"))?,
            password: password.map(|word| decoded(word).ok_or(missing("a password"))).transpose()?,
            host: decoded(host).ok_or(missing("a host and a port"))?,
            port,
            database: part(database).ok_or(missing("the name of a database"))?,
            schema: "padan".to_owned(),
            tls: TlsMode::Prefer,
            authority: None,
            passfile: None,
        };
        let mode = url.take_parameters(parameters)?;
        if url.host.is_empty() {
            return Err(missing("a host"));
        }
        url.tls = mode.unwrap_or_else(|| url.usual_mode());
        if url.tls.verifies() && url.authority.is_none() {
            return Err(PostgresUrlError::NoAuthority { mode: url.tls.name() });
        }
        Ok(url)
    }

    /// The address with its password, for where settings are written and not shown.
    pub fn complete(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, self.password.as_deref().map(|word| encoded(word).to_string()))
            .expect("a string takes everything");
        text
    }

    /// The files that it names, to be changed.
    pub(in crate::store) fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.authority.iter_mut().chain(&mut self.passfile)
    }

    /// Whether the host is the folder of a Unix socket.
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// Sets what the parameters say; the mode of TLS is returned, because what is usual depends on the host.
    fn take_parameters(&mut self, parameters: &str) -> Result<Option<TlsMode>, PostgresUrlError> {
        let mut mode = None;
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let wrong = |parameter, expected| PostgresUrlError::Value { parameter, expected };
            let value = part(value);
            match name {
                "schema" => {
                    let named = value.filter(|name| is_schema(name));
                    let expected = "a name of a-z, 0-9 and _, at most 63 characters, that does not begin with 'pg_'";
                    self.schema = named.ok_or(wrong("schema", expected))?;
                }
                "sslmode" => {
                    let named = TlsMode::ALL.into_iter().find(|mode| value.as_deref() == Some(mode.name()));
                    let expected = "disable, prefer, require, verify-ca or verify-full";
                    mode = Some(named.ok_or(wrong("sslmode", expected))?);
                }
                "sslrootcert" => self.authority = Some(value.ok_or(wrong("sslrootcert", "a file"))?.into()),
                "passfile" => self.passfile = Some(value.ok_or(wrong("passfile", "a file"))?.into()),
                "host" => self.host = value.ok_or(wrong("host", "a host, or the folder of a socket"))?,
                _ => return Err(PostgresUrlError::Parameter { name: name.chars().take(20).collect() }),
            }
        }
        Ok(mode)
    }

    /// What is asked of TLS when nothing is said: everything, unless the bytes stay on this machine.
    fn usual_mode(&self) -> TlsMode {
        let address = self.host.parse::<std::net::IpAddr>();
        if self.is_socket() {
            TlsMode::Disable
        } else if self.host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
            TlsMode::Prefer
        } else {
            TlsMode::VerifyFull
        }
    }

    fn write(&self, to: &mut impl fmt::Write, password: Option<String>) -> fmt::Result {
        let password = password.map_or(String::new(), |word| format!(":{word}"));
        write!(to, "postgres://{}{password}@", encoded(&self.user))?;
        match &self.host {
            _ if self.is_socket() => {}
            address if address.contains(':') => write!(to, "[{address}]")?,
            name => to.write_str(name)?,
        }
        let (database, mode) = (encoded(&self.database), self.tls.name());
        write!(to, ":{}/{database}?schema={}&sslmode={mode}", self.port, self.schema)?;
        let files = [("sslrootcert", &self.authority), ("passfile", &self.passfile)];
        for (name, file) in files.iter().filter_map(|(name, file)| Some((name, file.as_ref()?))) {
            write!(to, "&{name}={}", path(&file.to_string_lossy()))?;
        }
        if self.is_socket() { write!(to, "&host={}", path(&self.host)) } else { Ok(()) }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.password.as_ref().map(|_| "***".to_owned()))
    }
}

/// Without the password, as `Display`.
impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

/// `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`.
fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(host, port)| (host, port.strip_prefix(':')))?,
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    Some((host, port.map_or(Ok(5432), str::parse).ok()?))
}

fn is_schema(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.len() <= 63
        && name.chars().all(fits)
        && !name.starts_with("pg_")
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A decoded part that is not empty.
fn part(text: &str) -> Option<String> {
    decoded(text).filter(|text| !text.is_empty())
}

/// Undoes `%xx`. A `%` without two digits behind it is a slip: to take it as it stands would make another password of it.
fn decoded(text: &str) -> Option<String> {
    let is_whole =
        |after: &str| matches!(after.as_bytes(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    let plain = text.split('%').skip(1).all(is_whole).then(|| percent_decode_str(text).decode_utf8().ok());
    plain.flatten().filter(|text| !text.contains('\0')).map(Into::into)
}

/// Writes what is not plain as `%xx`.
fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ESCAPED)
}

/// As [`encoded`], for parameters: a `/` ends nothing there.
fn path(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ESCAPED_IN_PATHS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rest: &str) -> Result<String, String> {
        PostgresUrl::parse(rest).map(|url| url.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        check("//padan@localhost/hub", "postgres://padan@localhost:5432/hub?schema=padan&sslmode=prefer");
        check("//p@127.0.0.1:99/hub", "postgres://p@127.0.0.1:99/hub?schema=padan&sslmode=prefer");
        check("//p@[::1]:99/hub?schema=a_1", "postgres://p@[::1]:99/hub?schema=a_1&sslmode=prefer");
        check("//p@db/hub?sslmode=require", "postgres://p@db:5432/hub?schema=padan&sslmode=require");
        check(
            "//p@db/hub?sslrootcert=ca.pem",
            "postgres://p@db:5432/hub?schema=padan&sslmode=verify-full&sslrootcert=ca.pem",
        );
        check(
            "//p@/hub?host=/run/postgresql&passfile=/etc/padan/pass",
            "postgres://p@:5432/hub?schema=padan&sslmode=disable&passfile=/etc/padan/pass&host=/run/postgresql",
        );
        check("//a%40b:c%2Fd@[::1]/h%3Fb", "postgres://a%40b:***@[::1]:5432/h%3Fb?schema=padan&sslmode=prefer");
    }

    #[test]
    fn addresses_are_written_as_they_are_read_but_for_the_password() {
        for text in [
            "//a%40b:c%2Fd%25:@[::1]:7/h%3F%2Fb",
            "//p:***@/hub?host=/tmp/a%26b&passfile=x",
            "//p:@db/h?sslmode=disable",
        ] {
            let url = PostgresUrl::parse(text).expect(text);
            let again = url.complete();
            assert_eq!(
                PostgresUrl::parse(again.strip_prefix("postgres:").expect("a scheme")).as_ref(),
                Ok(&url),
                "{text}"
            );
        }
        let url = PostgresUrl::parse("//p:rahasia@localhost/h").expect("good");
        assert!(!format!("{url} {url:?}").contains("rahasia") && url.complete().contains("rahasia"));
    }

    #[test]
    fn refusals_repeat_no_value() {
        let check = |text: &str, expected: &str| {
            let error = shown(text).expect_err(text);
            assert!(error.contains(expected) && !error.contains("rahasia"), "{text}: {error}");
        };
        check("p:rahasia@db/hub", "needs '//' behind it");
        check("//p:rahasia@db", "needs the name of a database");
        check("//p:rahasia@db/", "needs the name of a database");
        check("//p:rah/asia@db/hub", "needs a user");
        check("//db/hub", "needs a user");
        check("//p:rahasia%4@db/hub", "needs a password");
        check("//p:rahasia@db:x/hub", "needs a host and a port");
        check("//p:rahasia@/hub", "needs a host");
        check("//p@db/hub?ssl=rahasia", "knows no parameter 'ssl'; there are schema, sslmode");
        check("//p@db/hub?schema=Rahasia\"", "'schema' of 'postgres:' has to be a name of a-z");
        check("//p@db/hub?schema=pg_toast", "'schema' of 'postgres:' has to be a name of a-z");
        check("//p@db/hub?sslmode=rahasia", "has to be disable, prefer, require, verify-ca or verify-full");
        check("//p@db/hub", "sslmode=verify-full needs 'sslrootcert=FILE'");
        check("//p@localhost/hub?sslmode=verify-ca", "sslmode=verify-ca needs 'sslrootcert=FILE'");
    }
}
