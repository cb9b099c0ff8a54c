//! Where a store under examination is: in a folder, or on a server of its own.

use std::fs;
use std::path::PathBuf;

use crate::adapters::Home;
use crate::exam::Exam;
use crate::postgres::PostgresServer;

/// A store under examination, and files about it that no fault touches.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    place: Place,
}

enum Place {
    /// Below the site's folder, with this scheme.
    Folder(&'static str),
    Server(PostgresServer),
}

/// Only what a commit flushes itself is flushed soon: the server must not make durable by chance what was acknowledged too
/// early. Checkpoints come under load. Nobody else can take the place of a socket while the server is stopped.
const SERVER: &str = "wal_writer_delay = 10s\nwal_writer_flush_after = 2GB\nmax_wal_size = 64MB\ncheckpoint_timeout = 30s\n\
                      listen_addresses = ''";

impl Site {
    /// The schema of a store on a server.
    pub(crate) const SCHEMA: &'static str = "exam";

    /// A new one, without a store.
    pub(crate) fn new(exam: &Exam) -> Self {
        match exam.adapter.home {
            Home::Folder => Self::in_a_folder(exam),
            Home::Server => Self::on_a_server(exam),
        }
    }

    fn in_a_folder(exam: &Exam) -> Self {
        let site = Self { folder: exam.folder(), place: Place::Folder(exam.adapter.scheme) };
        fs::create_dir(site.live()).expect("created");
        site
    }

    fn on_a_server(exam: &Exam) -> Self {
        Self { folder: exam.folder(), place: Place::Server(PostgresServer::start_in(&exam.public_room(), SERVER)) }
    }

    /// The folder that faults are about. The store is a name below it, so that this name has to be made durable as well.
    pub(crate) fn live(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    /// The server that faults are about.
    pub(crate) fn server(&self) -> &PostgresServer {
        match &self.place {
            Place::Server(server) => server,
            Place::Folder(_) => unreachable!("only stores on a server meet faults of a server"),
        }
    }

    /// The store's address.
    pub(crate) fn address(&self) -> String {
        match &self.place {
            Place::Folder(scheme) => format!("{scheme}:{}", self.store().display()),
            Place::Server(server) => server.address(Self::SCHEMA),
        }
    }

    /// What is left of a store that does not open, for a note.
    pub(crate) fn remains(&self) -> String {
        match &self.place {
            Place::Folder(_) => {
                let entries = fs::read_dir(self.store()).into_iter().flatten().flatten();
                format!("files {:?}", entries.map(|entry| entry.file_name()).collect::<Vec<_>>())
            }
            Place::Server(server) => {
                let log = server.log();
                format!("its server: {:?}", log.lines().rev().take(4).collect::<Vec<_>>())
            }
        }
    }

    /// A file about the store.
    pub(crate) fn aside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of this site's other files, as an argument.
    pub(crate) fn aside_text(&self) -> &str {
        self.folder.path().to_str().expect("UTF-8")
    }

    /// Where the store is: a folder or a file, as the adapter likes.
    fn store(&self) -> PathBuf {
        self.live().join("store")
    }
}
