CREATE TABLE public.users (
    id integer NOT NULL,
    username text NOT NULL,
    email character varying(200) NOT NULL,
    age integer,
    verified boolean,
    state public.mood
);

CREATE TABLE public.order_item (
    id integer NOT NULL
);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT one_name UNIQUE (username);
