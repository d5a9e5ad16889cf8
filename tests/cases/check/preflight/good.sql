-- Dumped from database version 15.4

CREATE TABLE public.users (
    id bigint NOT NULL,
    username text
);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
