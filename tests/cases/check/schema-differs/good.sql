CREATE TABLE public.users (
    id integer NOT NULL,
    username text NOT NULL,
    email character varying(200) NOT NULL
);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

CREATE INDEX users_email_idx ON public.users USING btree (email);
