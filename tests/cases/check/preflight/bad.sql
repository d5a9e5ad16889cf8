--
-- PostgreSQL database dump
--

-- Dumped from database version 11.4

CREATE TABLE public.users (
    username text
);
