//! A server elsewhere is reached by TLS, and its certificate and name are checked. It shows a certificate for
//! `db.example.com` and `localhost`, of an authority that `.ci/run stores` makes; there is a second authority.

#[expect(dead_code, reason = "each test program needs a part of it")]
mod support;

use std::{env, fs, process::Command};

use pollster::block_on;
use slack_store::{StoreError, StoreErrorKind};
use slack_store_postgres::PostgresStore;
use support::{fresh, schema, server, words};
use tokio_postgres::{Config, NoTls};

/// What `.ci/run stores` has made: the server's address and port, and the folder of the authorities.
struct Place {
    address: String,
    port: u16,
    folder: String,
}

fn place(test: &str) -> Option<Place> {
    let address = server("SLACK_AUTH_POSTGRES", test)?;
    let folder = server("SLACK_AUTH_POSTGRES_AUTHORITIES", test)?;
    let port = address.parse::<Config>().unwrap().get_ports()[0];
    Some(Place { address, port, folder })
}

impl Place {
    /// The connection string of the server under a name that this machine takes for another one's.
    fn named(&self, host: &str) -> String {
        format!(
            "host={host} hostaddr=127.0.0.1 port={} user=app password=hush dbname=postgres",
            self.port
        )
    }

    fn authority(&self, name: &str) -> Vec<u8> {
        fs::read(format!("{}/{name}.pem", self.folder)).unwrap()
    }

    fn open(&self, connection: &str, authority: Option<&str>) -> Result<PostgresStore, StoreError> {
        let authority = authority.map(|name| self.authority(name));
        block_on(fresh(connection).ca_certificates(authority.unwrap_or_default()).open())
    }
}

/// Returns how many connections of this name the server has, and how many of them by TLS.
fn connections(address: &str, name: &str) -> (i64, i64) {
    const COUNT: &str = "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl
                         JOIN pg_stat_activity USING (pid) WHERE application_name = $1";
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(async {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
        tokio::spawn(connection);
        let row = client.query_one(COUNT, &[&name]).await.unwrap();
        (row.get(0), row.get(1))
    })
}

#[test]
fn a_server_elsewhere_is_encrypted_and_one_here_is_not_unless_asked_for() {
    let Some(place) = place("a_server_elsewhere_is_encrypted") else { return };
    for (connection, encrypted) in [
        (place.named("db.example.com"), true),
        (format!("{} sslmode=verify-full", place.named("db.example.com")), true),
        (format!("{} sslmode=disable", place.named("db.example.com")), false),
        // Debian's servers show a certificate that nobody has signed: on one machine that is nobody's matter.
        (place.address.clone(), false),
        (format!("host=localhost port={} user=app dbname=postgres", place.port), false),
        (place.address.replace("127.0.0.1", "localhost") + "?sslmode=verify-full", true),
    ] {
        let name = schema();
        let separator = match (connection.contains("//"), connection.contains('?')) {
            (true, true) => "&",
            (true, false) => "?",
            (false, _) => " ",
        };
        let connection = format!("{connection}{separator}application_name={name}");
        let store = place.open(&connection, Some("authority")).unwrap();
        let expected = (1, i64::from(encrypted));
        assert_eq!(connections(&place.address, &name), expected, "{connection}");
        drop(store);
    }
}

#[test]
fn whom_a_certificate_does_not_name_is_not_believed() {
    let Some(place) = place("whom_a_certificate_does_not_name_is_not_believed") else { return };
    let by_address = format!("{}?sslmode=verify-full", place.address);
    for (connection, authority, expected) in [
        (place.named("db.example.com"), Some("stranger"), "add its CA certificate"),
        (place.named("db.example.com"), None, "add its CA certificate"),
        (place.named("db2.example.com"), Some("authority"), "names another host"),
        (by_address, Some("authority"), "names another host"),
    ] {
        let error = place.open(&connection, authority).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{}", words(&error));
        assert!(error.to_string().contains(expected), "{connection}: {}", words(&error));
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let Some(place) = place("a_server_without_tls_is_told_apart") else { return };
    let Some(pooler) = server("SLACK_AUTH_PGBOUNCER", "a_server_without_tls_is_told_apart") else {
        return;
    };
    let port = pooler.parse::<Config>().unwrap().get_ports()[0];
    let elsewhere = Place { port, ..place };
    let error = elsewhere.open(&elsewhere.named("db.example.com"), Some("authority")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused, "{}", words(&error));
    assert!(error.to_string().contains("does not do TLS"), "{}", words(&error));
    assert!(error.to_string().contains("sslmode=disable"), "{}", words(&error));
}

/// A container often has no authorities at all, and needs none for a server beside it.
#[test]
fn a_machine_without_authorities_reaches_the_server_beside_it() {
    let Some(place) = place("a_machine_without_authorities") else { return };
    if env::var_os(AGAIN).is_some() {
        place.open(&place.address, None).unwrap();
        place.open(&place.named("db.example.com"), Some("authority")).unwrap();
        let error = place.open(&place.named("db.example.com"), None).unwrap_err();
        assert!(error.to_string().contains("CA certificates"), "{}", words(&error));
        return;
    }
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(["--exact", "a_machine_without_authorities_reaches_the_server_beside_it"]);
    again.env(AGAIN, "1").env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/nonexistent");
    assert!(again.status().unwrap().success());
}

const AGAIN: &str = "WITHOUT_AUTHORITIES";
