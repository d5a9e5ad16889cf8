//! How a server is reached: addresses, the environment, TLS as `sslmode` asks for it.
